-- The two database roles and the database of the portal. Run by a superuser through psql, as often as one likes:
-- by scripts/postgres.py on the embedded server, by the PostgreSQL image of docker-compose.yml on its first start.
--
-- portal_owner owns every table and runs migrations, partitions and retention; it may create test databases.
-- portal_app is what web and workers connect as: it reads and writes rows, and owns nothing.
--
-- Passwords come from the environment of psql, where the server asks for any.
\getenv owner_password PORTAL_OWNER_PASSWORD
\getenv app_password PORTAL_APP_PASSWORD

SELECT 'CREATE ROLE portal_owner LOGIN CREATEDB'
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'portal_owner') \gexec
SELECT 'CREATE ROLE portal_app LOGIN'
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'portal_app') \gexec

-- What the application may, its owner may; that includes ending its sessions before a database is dropped.
GRANT portal_app TO portal_owner;
ALTER ROLE portal_owner NOSUPERUSER NOBYPASSRLS NOCREATEROLE CREATEDB;
ALTER ROLE portal_app NOSUPERUSER NOBYPASSRLS NOCREATEROLE NOCREATEDB;

\if :{?owner_password}
ALTER ROLE portal_owner PASSWORD :'owner_password';
\endif
\if :{?app_password}
ALTER ROLE portal_app PASSWORD :'app_password';
\endif

-- In the template, so that every database made from it, test databases included, starts with the same rights.
\connect template1
CREATE EXTENSION IF NOT EXISTS pg_trgm;
CREATE EXTENSION IF NOT EXISTS btree_gist;
ALTER DEFAULT PRIVILEGES FOR ROLE portal_owner GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO portal_app;
ALTER DEFAULT PRIVILEGES FOR ROLE portal_owner GRANT USAGE ON SEQUENCES TO portal_app;
\connect postgres

SELECT 'CREATE DATABASE portal OWNER portal_owner TEMPLATE template1'
WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'portal') \gexec
