// Types of schema.js. What a schema says about its rows is carried in type parameters, so that InferSchema needs no generation.

import type { Policies } from './policies.js'
import type {
  ColumnInfo,
  Columns,
  ColumnsOf,
  ColumnType,
  InferTable,
  info,
  JsonValue,
  Name,
  ReferencesOf,
  Tables,
} from './tables.js'

export type {
  Actor,
  Condition,
  Operand,
  Policies,
  PolicyCases,
  PolicyVocabulary,
  RolePolicy,
  RowKey,
} from './policies.js'
export { definePolicyTests, PolicyTests } from './policies.js'
export type { ColumnInfo, JsonValue } from './tables.js'

/** A fault in a schema, named by table and column. */
export class SchemaError extends TypeError {}

/** A piece of SQL made by the {@link sql} tag. */
export interface Sql {
  readonly text: string
}

/** Writes SQL into a schema: sql`unixepoch()`. Values between become SQL literals; other sql stays SQL. */
export function sql(
  strings: TemplateStringsArray,
  ...values: readonly (Sql | string | number | bigint | boolean | null)[]
): Sql

interface NewColumn<Type extends ColumnType, Value> {
  readonly type: Type
  readonly value: Value
  readonly notNull: false
  readonly hasDefault: false
  readonly primaryKey: false
  readonly generated: false
  readonly references: never
}

type With<Info extends ColumnInfo, Changes> = {
  readonly [Key in keyof Info]: Key extends keyof Changes ? Changes[Key] : Info[Key]
}

/** What happens to a row when the row it refers to goes or changes its key. */
export type ReferenceAction = 'CASCADE' | 'SET NULL' | 'RESTRICT' | 'NO ACTION'

/** A column of a table. Each verb answers a new column. */
export type Column<Info extends ColumnInfo> = ColumnVerbs<Info> &
  (Info['type'] extends 'text' ? TextVerbs<Info> : unknown) &
  (Info['type'] extends 'integer' ? IntegerVerbs<Info> : unknown) &
  (Info['type'] extends 'id' ? unknown : DefaultVerb<Info>)

interface ColumnVerbs<Info extends ColumnInfo> {
  readonly [info]: Info
  /** Makes the column the table's key. A key of several columns is said on the table. */
  primaryKey(): Column<With<Info, { primaryKey: true; notNull: true }>>
  /** Refuses NULL. */
  notNull(): Column<With<Info, { notNull: true }>>
  /** No two rows share a value. */
  unique(): Column<Info>
  /** Each value must exist in `table.column` of the same schema. */
  references<const Target extends `${string}.${string}`>(
    target: Target,
    options?: { readonly onDelete?: ReferenceAction; readonly onUpdate?: ReferenceAction },
  ): Column<With<Info, { references: Target }>>
  /** A SQL condition that every value meets. */
  check(expression: string | Sql): Column<Info>
  /** The value is computed from the row: at each read, or once when `stored`. */
  generated(
    expression: string | Sql,
    options?: { readonly stored?: boolean },
  ): Column<With<Info, { generated: true }>>
  /** The name this column had, so that its data moves along. */
  renamedFrom(name: string): Column<Info>
  /** The SQL expression that fills NULLs when the column becomes NOT NULL. */
  backfill(expression: string | Sql): Column<Info>
}

interface DefaultVerb<Info extends ColumnInfo> {
  /** The value, or the SQL, of a row that is inserted without one. */
  default(
    value: Sql | null | (Info['type'] extends 'blob' ? never : Info['value']),
  ): Column<With<Info, { hasDefault: true }>>
}

interface TextVerbs<Info extends ColumnInfo> {
  /** Only these values. */
  enum<const Values extends readonly [string, ...string[]]>(
    values: Values,
  ): Column<With<Info, { value: Values[number] }>>
  /** The collating sequence: BINARY, NOCASE or RTRIM. */
  collate(name: 'BINARY' | 'NOCASE' | 'RTRIM' | (string & {})): Column<Info>
}

interface IntegerVerbs<Info extends ColumnInfo> {
  /** The key of a deleted row is never given again. */
  autoIncrement(): Column<Info>
}

/** The column types. */
export const c: {
  /** UTF-8 text. */
  text(): Column<NewColumn<'text', string>>
  /** A 64-bit signed integer. */
  integer(): Column<NewColumn<'integer', number>>
  /** A 64-bit floating-point number. */
  real(): Column<NewColumn<'real', number>>
  /** Bytes, base64 in JSON. */
  blob(): Column<NewColumn<'blob', string>>
  /** true or false. */
  boolean(): Column<NewColumn<'boolean', boolean>>
  /** A JSON value, typed as `Value`. */
  json<Value = JsonValue>(): Column<NewColumn<'json', Value>>
  /** A moment in unix seconds. */
  timestamp(): Column<NewColumn<'timestamp', number>>
  /** A text primary key that the server fills with a UUIDv7 when it is left out. */
  id(): Column<With<NewColumn<'id', string>, { primaryKey: true; notNull: true }>>
}

type Names<C> = readonly [Name<C>, ...Name<C>[]]

/** A table. Each verb answers a new table. `Key` names the columns of a key said on the table. */
export interface Table<C extends Columns, Key extends string = never> {
  readonly [info]: { readonly columns: C; readonly key: Key }
  /** A named index. */
  index(
    name: string,
    columns: Names<C>,
    options?: { readonly unique?: boolean; readonly where?: string | Sql },
  ): Table<C, Key>
  /** Full-text search over text columns. */
  fts(columns: Names<C>, options?: { readonly tokenize?: string }): Table<C, Key>
  /** The columns that together are the table's key. */
  primaryKey<const Columns extends Names<C>>(columns: Columns): Table<C, Columns[number]>
  /** No two rows share these columns' values. */
  unique(columns: Names<C>): Table<C, Key>
  /** A SQL condition that every row meets. */
  check(expression: string | Sql): Table<C, Key>
  /** The name this table had, so that its data moves along. */
  renamedFrom(name: string): Table<C, Key>
}

/** A table of these columns. */
export function defineTable<const C extends Columns>(columns: C): Table<C>

/** A named schema. */
export class Schema<Name extends string = string, T extends Tables = Tables> {
  private constructor()
  readonly [info]: T
  readonly name: Name
  /** The schema as a template of format 1. */
  readonly template: Template
  toJSON(): Template
}

/** A schema of these tables, as the default export of a `.schema.ts` file. */
export function defineSchema<const Name extends string, const T extends Tables>(
  name: Name,
  tables: T & ReferencesExist<T>,
  options?: { readonly policies?: Policies<T> },
): Schema<Name, T>

type Targets<T extends Tables> = {
  [K in keyof T & string]: `${K}.${keyof ColumnsOf<T[K]> & string}`
}[keyof T & string]

// Puts the error on the table whose column refers to what is not there.
type ReferencesExist<T extends Tables> = {
  [K in keyof T]: [Exclude<ReferencesOf<T[K]>, Targets<T>>] extends [never]
    ? unknown
    : { readonly 'this schema has no': Exclude<ReferencesOf<T[K]>, Targets<T>> }
}

/**
 * The types of a schema's rows, by table: `row` as read, `insert` and `update` as written, and `references`,
 * which names the `table.column` that each foreign key refers to.
 */
export type InferSchema<S extends { readonly [info]: Tables }> = {
  [K in keyof S[typeof info]]: InferTable<ColumnsOf<S[typeof info][K]>, S[typeof info][K][typeof info]['key']>
}

/** A template of format 1. Whatever equals its default is left out. */
export interface Template {
  readonly format: 1
  readonly name: string
  readonly tables: readonly TableTemplate[]
  readonly policies?: { readonly [table: string]: { readonly [role: string]: JsonValue } }
}

/** A table of a template. */
export interface TableTemplate {
  readonly name: string
  readonly columns: readonly ColumnTemplate[]
  readonly primary_key?: readonly string[]
  readonly auto_increment?: true
  readonly unique?: readonly (readonly string[])[]
  readonly indexes?: readonly {
    readonly name: string
    readonly columns: readonly string[]
    readonly unique?: true
    readonly where?: string
  }[]
  readonly checks?: readonly string[]
  readonly fts?: { readonly columns: readonly string[]; readonly tokenize?: string }
  readonly renamed_from?: string
}

/** A column of a template. */
export interface ColumnTemplate {
  readonly name: string
  readonly type: ColumnType
  readonly not_null?: true
  readonly default?: { readonly value: JsonValue } | { readonly sql: string }
  readonly references?: {
    readonly table: string
    readonly column: string
    readonly on_delete?: Exclude<ReferenceAction, 'NO ACTION'>
    readonly on_update?: Exclude<ReferenceAction, 'NO ACTION'>
  }
  readonly check?: string
  readonly collate?: string
  readonly generated?: { readonly sql: string; readonly stored?: true }
  readonly enum?: readonly string[]
  readonly renamed_from?: string
  readonly backfill?: string
}

/** The settings of `atomicbase.config.ts`. Flags and the environment win over them. */
export interface Config {
  /** Where the server is. */
  readonly url?: string
  /** The service key. Better kept in ATOMICBASE_API_KEY, which wins. */
  readonly apiKey?: string
  /** The folder of the `*.schema.ts` files. */
  readonly schemas?: string
  /** Where `generate` writes types. */
  readonly output?: string
  readonly organizations?: { readonly defaultTemplate?: string; readonly templates?: readonly string[] }
  readonly users?: { readonly templates?: readonly string[] }
  /** Roles beside owner, admin, member and viewer, for policies to name. */
  readonly roles?: { readonly [role: string]: { readonly [name: string]: JsonValue } }
  readonly plans?: { readonly [plan: string]: { readonly [name: string]: JsonValue } }
}

/** The settings, as the default export of `atomicbase.config.ts`. */
export function defineConfig(config: Config): Config
