-- What holds for the whole project, as one row: its settings, and the secret that signs what the server hands out and takes back.

CREATE TABLE project (
  id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
  settings TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(settings)),
  secret BLOB NOT NULL CHECK (length(secret) = 32)
) STRICT;

-- Roles beside the built-in ones.
CREATE VIEW project_roles AS
SELECT r.key AS role FROM project p, json_each(p.settings, '$.roles') r;

-- Each role that the policies of a template's latest version name.
CREATE VIEW policy_roles AS
SELECT DISTINCT h.name AS template, r.key AS role
FROM template_heads h
JOIN template_versions v ON v.template = h.name AND v.version = h.latest,
  json_each(v.template_json, '$.policies') t, json_each(t.value) r;
