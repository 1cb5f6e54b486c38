// The public surface of the package; conditions are in `@atomicbase/sdk/filters`.

export type { Actor } from './act_as.js'
export { Atomicbase, type AtomicbaseOptions } from './atomicbase.js'
export { bigint, type Exact } from './bigint.js'
export type { ChangeQuery } from './change_rows.js'
export { CODES } from './codes.js'
export type {
  ColumnDescription,
  Database,
  RelationDescription,
  SchemaDescription,
  Table,
  TableDescription,
} from './database.js'
export type { CreateDatabase, DatabaseInfo, Databases } from './databases.js'
export {
  AtomicbaseError,
  type ClientCode,
  type ErrorCode,
  type FieldError,
  type ServerCode,
} from './error.js'
export type { Filter } from './filters.js'
export { type Inc, inc } from './increment.js'
export type { ConflictAction, InsertQuery, OnConflict, WriteAnswer } from './insert_rows.js'
export type { Job, JobStatus, Jobs } from './jobs.js'
export type { List, ListOptions, Page } from './list.js'
export type { Failure, Outcome, Query } from './query.js'
export type { Ref } from './reference.js'
export type { BatchAnswer, BatchQuery } from './run_batch.js'
export type { SelectAnswer, SelectQuery } from './select_rows.js'
export type { Selected } from './selected.js'
export type { Direction, Selection } from './selection.js'
export type { AnyRow, AnySchema, TableShape } from './shape.js'
export type {
  Change,
  PushOptions,
  TemplateDetails,
  TemplateDiff,
  TemplateDocument,
  TemplateInfo,
  TemplatePush,
  TemplateSource,
  Templates,
  TemplateVersion,
} from './templates.js'
export type { CallOptions, Fetch } from './transport.js'
