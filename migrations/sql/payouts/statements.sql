-- What a bank said stays as it was said: of a statement only how many lines it has is written afterwards.
REVOKE UPDATE ON bank_statement FROM makao_app, makao_worker;
GRANT UPDATE (lines, known) ON bank_statement TO makao_app, makao_worker;
