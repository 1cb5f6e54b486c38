-- Who exists: templates and their versions, tenant databases, jobs, service keys.
-- What can be derived is derived by the views, so that no two columns can disagree.

CREATE TABLE templates (
  name TEXT NOT NULL PRIMARY KEY,
  created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Append-only but for `state`. A version's plan leads from `base`, which is not always the number before: a cancelled
-- version is nobody's base. Version 1 has base 0.
CREATE TABLE template_versions (
  template TEXT NOT NULL REFERENCES templates (name),
  version INTEGER NOT NULL CHECK (version > 0),
  base INTEGER NOT NULL CHECK (base BETWEEN 0 AND version - 1),
  state TEXT NOT NULL CHECK (state IN ('stored', 'canary', 'released', 'complete', 'halted', 'cancelled')),
  hash TEXT NOT NULL,
  template_json TEXT NOT NULL,
  plan_json TEXT NOT NULL,
  job TEXT NOT NULL UNIQUE,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (template, version)
) STRICT;

-- `version` mirrors what the tenant's own file says, and may lag behind it. A deleted database keeps its row and with it its name;
-- `dropped_at` follows when its file is gone too.
CREATE TABLE databases (
  id TEXT NOT NULL PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  template TEXT NOT NULL REFERENCES templates (name),
  version INTEGER NOT NULL CHECK (version > 0),
  created_at INTEGER NOT NULL,
  deleted_at INTEGER,
  dropped_at INTEGER CHECK (dropped_at IS NULL OR deleted_at IS NOT NULL)
) STRICT, WITHOUT ROWID;

CREATE INDEX databases_of_template ON databases (template, id, version) WHERE deleted_at IS NULL;
CREATE INDEX databases_to_drop ON databases (id) WHERE deleted_at IS NOT NULL AND dropped_at IS NULL;

-- `canary` is the one database that is moved before the version is released; `error_*` say why a job was cancelled.
CREATE TABLE jobs (
  id TEXT NOT NULL PRIMARY KEY,
  kind TEXT NOT NULL,
  template TEXT NOT NULL,
  version INTEGER NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('pending', 'running', 'paused', 'completed', 'failed', 'cancelled')),
  total INTEGER NOT NULL,
  done INTEGER NOT NULL,
  failed INTEGER NOT NULL,
  canary TEXT REFERENCES databases (id),
  error_code TEXT,
  error_detail TEXT,
  created_at INTEGER NOT NULL,
  finished_at INTEGER,
  FOREIGN KEY (template, version) REFERENCES template_versions (template, version),
  CHECK ((finished_at IS NULL) = (status IN ('pending', 'running', 'paused')))
) STRICT, WITHOUT ROWID;

-- Steps chain, so a template has at most one job that is not finished.
CREATE UNIQUE INDEX jobs_unfinished ON jobs (template) WHERE finished_at IS NULL;

-- Databases whose data refused a step: served at their own version until the job is tried again.
CREATE TABLE set_asides (
  database TEXT NOT NULL PRIMARY KEY REFERENCES databases (id),
  to_version INTEGER NOT NULL,
  job TEXT NOT NULL REFERENCES jobs (id),
  code TEXT NOT NULL,
  detail TEXT NOT NULL,
  created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX set_asides_of_job ON set_asides (job);

-- `hash` is the SHA-256 of the key; the key itself is stored nowhere.
CREATE TABLE keys (
  id TEXT NOT NULL PRIMARY KEY,
  name TEXT NOT NULL,
  hash BLOB NOT NULL UNIQUE CHECK (length(hash) = 32),
  scopes TEXT NOT NULL,
  database TEXT REFERENCES databases (id),
  created_at INTEGER NOT NULL,
  expires_at INTEGER,
  revoked_at INTEGER
) STRICT, WITHOUT ROWID;

-- Databases that are not deleted, with why they are set aside if they are.
CREATE VIEW live_databases AS
SELECT d.id, d.name, d.template, d.version, d.created_at, s.to_version, s.job, s.code, s.detail
FROM databases d LEFT JOIN set_asides s ON s.database = d.id
WHERE d.deleted_at IS NULL;

-- `latest` is what the next push starts from, `released` what every database shall be at, `newest` the last number given.
CREATE VIEW template_heads AS
SELECT
  t.name,
  (SELECT max(version) FROM template_versions v WHERE v.template = t.name AND v.state <> 'cancelled') AS latest,
  (SELECT max(version) FROM template_versions v WHERE v.template = t.name AND v.state IN ('released', 'complete')) AS released,
  (SELECT max(version) FROM template_versions v WHERE v.template = t.name) AS newest,
  t.created_at
FROM templates t;
