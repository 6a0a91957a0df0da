-- Compliance: movements of parties are written by jobs alone, and their cases are for the staff who may
-- decide them. Nobody is warned: members of the portal see none of it.

SELECT protect(kind) FROM unnest(ARRAY['aml_limit', 'aml_movement', 'aml_case']::regclass[]) AS kind;
SELECT staff_write(kind, 'false') FROM unnest(ARRAY['aml_limit', 'aml_movement', 'aml_case'
    ]::regclass[]) AS kind;
SELECT staff_may('aml_movement', '{}', NULL, NULL, NULL);
SELECT staff_may(kind, '{Admin,Manager}', NULL, NULL, NULL)
FROM unnest(ARRAY['aml_limit', 'aml_case']::regclass[]) AS kind;
REVOKE UPDATE, DELETE ON aml_movement FROM makao_app, makao_worker;
REVOKE DELETE ON aml_case FROM makao_app, makao_worker;
SELECT audited(kind, 'warning') FROM unnest(ARRAY['aml_limit', 'aml_case']::regclass[]) AS kind;
