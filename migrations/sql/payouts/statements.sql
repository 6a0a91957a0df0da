-- What a bank said stays as it was said: a statement is taken in, and never changed.
REVOKE UPDATE ON bank_statement FROM makao_app, makao_worker;
