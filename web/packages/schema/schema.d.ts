// Types of schema.js. What a schema says about its rows is carried in type parameters, so that InferSchema needs no generation.

declare const info: unique symbol

/** Any value that JSON can hold. */
export type JsonValue =
  | string
  | number
  | boolean
  | null
  | readonly JsonValue[]
  | { readonly [key: string]: JsonValue }

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

type ColumnType = 'text' | 'integer' | 'real' | 'blob' | 'boolean' | 'json' | 'timestamp' | 'id'

/** What the types know of a column. */
export interface ColumnInfo {
  readonly type: ColumnType
  readonly value: unknown
  readonly notNull: boolean
  readonly hasDefault: boolean
  readonly primaryKey: boolean
  readonly generated: boolean
  readonly references: string
}

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

type AnyColumn = { readonly [info]: ColumnInfo }

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

type Columns = { readonly [name: string]: AnyColumn }
type Name<C> = keyof C & string
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

type AnyTable = { readonly [info]: { readonly columns: Columns; readonly key: string } }
type Tables = { readonly [name: string]: AnyTable }
type ColumnsOf<T extends AnyTable> = T[typeof info]['columns']

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

type ReferencesOf<T extends AnyTable> = {
  [K in keyof ColumnsOf<T>]: ColumnsOf<T>[K][typeof info]['references']
}[keyof ColumnsOf<T>]

/**
 * The types of a schema's rows, by table: `row` as read, `insert` and `update` as written, and `references`,
 * which names the `table.column` that each foreign key refers to.
 */
export type InferSchema<S extends { readonly [info]: Tables }> = {
  [K in keyof S[typeof info]]: InferTable<ColumnsOf<S[typeof info][K]>, S[typeof info][K][typeof info]['key']>
}

interface InferTable<C extends Columns, Key extends string> {
  row: Flat<{ [K in keyof C]: RowValue<C[K][typeof info], K extends Key ? true : false> }>
  insert: Flat<
    { [K in Exclude<WritableColumn<C>, OptionalColumn<C, Key>>]: WrittenValue<C, K, Key> } & {
      [K in Extract<WritableColumn<C>, OptionalColumn<C, Key>>]?: WrittenValue<C, K, Key>
    }
  >
  update: Flat<{ [K in WritableColumn<C>]?: WrittenValue<C, K, Key> }>
  references: Flat<{
    [K in keyof C as [C[K][typeof info]['references']] extends [never]
      ? never
      : K]: C[K][typeof info]['references']
  }>
}

type RowValue<Info extends ColumnInfo, InKey> = [Info['notNull'], InKey] extends [false, false]
  ? Info['value'] | null
  : Info['value']

type WrittenValue<C extends Columns, K extends keyof C, Key> = RowValue<
  C[K][typeof info],
  K extends Key ? true : false
>

type WritableColumn<C extends Columns> = {
  [K in keyof C]: C[K][typeof info]['generated'] extends true ? never : K
}[keyof C]

type OptionalColumn<C extends Columns, Key extends string> = {
  [K in keyof C]: C[K][typeof info] extends { hasDefault: true } | { type: 'id' }
    ? K
    : C[K][typeof info] extends { type: 'integer'; primaryKey: true }
      ? K
      : K extends Key
        ? // The key of one integer column is the rowid, which SQLite gives. `Key` of several columns is a union.
          [C[K][typeof info]['type'], Key] extends ['integer', K]
          ? K
          : never
        : C[K][typeof info]['notNull'] extends true
          ? never
          : K
}[keyof C]

type Flat<T> = { -readonly [K in keyof T]: T[K] }

declare const operandValue: unique symbol
declare const condition: unique symbol

/** A column of the row, or a fact about the caller, in a policy. */
export interface Operand<Value> {
  readonly [operandValue]: Value
}

/** What must be true of a row. */
export interface Condition {
  readonly [condition]: true
}

type Comparable<Value> = Operand<Value> | Operand<NonNullable<Value>> | NonNullable<Value>
type Compare = <Value>(left: Operand<Value>, right: Comparable<NoInfer<Value>>) => Condition

/** What the function of a policy on the table `K` is given. */
export interface PolicyVocabulary<T extends Tables, K extends keyof T> {
  /** The row that is read, written or deleted; inside `some`, `none` and `every` the related row. */
  readonly row: { readonly [C in keyof ColumnsOf<T[K]>]: Operand<ColumnsOf<T[K]>[C][typeof info]['value']> }
  /** Who asks. What a caller has not is NULL, and no comparison with it is true. */
  readonly auth: {
    readonly userId: Operand<string>
    readonly organizationId: Operand<string>
    readonly role: Operand<string>
  }
  readonly eq: Compare
  readonly neq: Compare
  readonly gt: Compare
  readonly gte: Compare
  readonly lt: Compare
  readonly lte: Compare
  readonly like: (left: Operand<string>, pattern: string) => Condition
  readonly glob: (left: Operand<string>, pattern: string) => Condition
  readonly inArray: <Value>(left: Operand<Value>, values: readonly Comparable<NoInfer<Value>>[]) => Condition
  readonly between: <Value>(
    left: Operand<Value>,
    low: Comparable<NoInfer<Value>>,
    high: Comparable<NoInfer<Value>>,
  ) => Condition
  readonly isNull: (left: Operand<unknown>) => Condition
  readonly isNotNull: (left: Operand<unknown>) => Condition
  readonly and: (...conditions: readonly [Condition, ...Condition[]]) => Condition
  readonly or: (...conditions: readonly [Condition, ...Condition[]]) => Condition
  readonly not: (condition: Condition) => Condition
  /** Some related row meets the condition; without one, there is some related row. */
  readonly some: <N extends RelationName<T, K>>(
    relation: N,
    condition?: RelatedCondition<T, K, N>,
  ) => Condition
  /** No related row meets the condition; without one, there is no related row. */
  readonly none: <N extends RelationName<T, K>>(
    relation: N,
    condition?: RelatedCondition<T, K, N>,
  ) => Condition
  /** Every related row meets the condition, also where there is none. */
  readonly every: <N extends RelationName<T, K>>(
    relation: N,
    condition: RelatedCondition<T, K, N>,
  ) => Condition
}

type RelatedCondition<T extends Tables, K extends keyof T, N> = (
  vocabulary: PolicyVocabulary<T, RelatedTable<T, K, N>>,
) => Condition

type TargetOf<Reference> = Reference extends `${infer Table}.${string}` ? Table : never
type ReferenceOf<
  T extends AnyTable,
  C extends keyof ColumnsOf<T>,
> = ColumnsOf<T>[C][typeof info]['references']

/** Tables that a table refers to, and how each is named: `projects`, `!project_id`. */
type ToOneName<T extends AnyTable> = {
  [C in keyof ColumnsOf<T> & string]: ReferenceOf<T, C> extends infer Reference
    ? [Reference] extends [never]
      ? never
      : TargetOf<Reference> | `!${C}` | `${TargetOf<Reference>}!${C}`
    : never
}[keyof ColumnsOf<T> & string]

/** Tables that refer to the table `K`: `tasks`, `tasks!project_id`. */
type ToManyName<T extends Tables, K> = {
  [R in keyof T & string]: {
    [C in keyof ColumnsOf<T[R]> & string]: K extends TargetOf<ReferenceOf<T[R], C>> ? R | `${R}!${C}` : never
  }[keyof ColumnsOf<T[R]> & string]
}[keyof T & string]

/** Tables that a third one joins with the table `K`: `users`, `users!memberships`. */
type ThroughName<T extends Tables, K> = {
  [J in keyof T & string]: K extends TargetOf<ReferencesOf<T[J]>>
    ? TargetOf<ReferencesOf<T[J]>> | `${TargetOf<ReferencesOf<T[J]>>}!${J}`
    : never
}[keyof T & string]

type RelationName<T extends Tables, K extends keyof T> =
  | ToOneName<T[K]>
  | ToManyName<T, K>
  | ThroughName<T, K>

type RelatedTable<T extends Tables, K extends keyof T, N> = (N extends `!${infer C}`
  ? TargetOf<ReferenceOf<T[K], C>>
  : N extends `${infer Table}!${string}`
    ? Table
    : N) &
  keyof T

type Rule<T extends Tables, K extends keyof T> =
  | boolean
  | ((vocabulary: PolicyVocabulary<T, K>) => Condition | boolean)

type KeyColumn<T extends AnyTable> =
  | T[typeof info]['key']
  | {
      [C in keyof ColumnsOf<T>]: ColumnsOf<T>[C][typeof info]['primaryKey'] extends true ? C : never
    }[keyof ColumnsOf<T>]

/** What each role may do with a table's rows. A role that is not named may do nothing, `owner` excepted. */
export type Policies<T extends Tables> = {
  readonly [K in keyof T]?: {
    readonly [role: string]: 'all' | RolePolicy<T, K>
  }
}

/** What a role may do. What is left out is refused. */
export interface RolePolicy<T extends Tables, K extends keyof T> {
  /** Which rows it sees. */
  readonly select?: Rule<T, K>
  /** Which rows may result from its inserts. */
  readonly insert?: Rule<T, K>
  /** Which rows it may change, and what may result: one rule for both, or one each. */
  readonly update?: Rule<T, K> | { readonly using: Rule<T, K>; readonly check: Rule<T, K> }
  /** Which rows it may delete. */
  readonly delete?: Rule<T, K>
  /** Columns that do not exist for it. */
  readonly hidden?: readonly Exclude<Name<ColumnsOf<T[K]>>, KeyColumn<T[K]>>[]
}

/** Whom a case acts as: nobody in particular, or somebody in a role. `'member; user=usr_1'` is `{ role: 'member', user: 'usr_1' }`. */
export type Actor = 'anonymous' | (string & {}) | { readonly role: string; readonly user?: string }

/** A row's primary key; of several columns, their values in order. */
export type RowKey = string | number | readonly (string | number)[]

// A case has one operation; that the others are absent tells the compiler which table a condition is about.
type Only<Operation> = {
  readonly [K in Exclude<'select' | 'insert' | 'update' | 'delete', Operation>]?: undefined
}

interface Case<T extends Tables, K extends keyof T> {
  readonly as: Actor
  /** The row that it is about; all rows without `row` and `where`. */
  readonly row?: RowKey
  /** The rows that it is about: a condition as in policies, or as in a query's `where`. */
  readonly where?: ((vocabulary: PolicyVocabulary<T, K>) => Condition) | JsonValue
}

interface SelectCase<T extends Tables, K extends keyof T> extends Case<T, K>, Only<'select'> {
  readonly select: K
  /** The keys of all rows that are answered, in any order. */
  readonly sees?: readonly RowKey[]
  /** Columns that exist for it. */
  readonly shows?: readonly Name<ColumnsOf<T[K]>>[]
  /** Columns that do not exist for it. */
  readonly hides?: readonly Name<ColumnsOf<T[K]>>[]
  /** Whether it may read the table at all. */
  readonly allowed?: boolean
}

interface InsertCase<K, Row> extends Only<'insert'> {
  readonly as: Actor
  readonly insert: K
  readonly data: Row | readonly Row[]
  readonly allowed: boolean
}

interface UpdateCase<T extends Tables, K extends keyof T> extends Case<T, K>, Only<'update'> {
  readonly update: K
  readonly data: TableOf<T[K]>['update']
  /** Whether all these rows change, or none. */
  readonly allowed?: boolean
  /** How many of them change. */
  readonly rows?: number
}

interface DeleteCase<T extends Tables, K extends keyof T> extends Case<T, K>, Only<'delete'> {
  readonly delete: K
  /** Whether all these rows go, or none. */
  readonly allowed?: boolean
  /** How many of them go. */
  readonly rows?: number
}

type TableOf<T extends AnyTable> = InferTable<ColumnsOf<T>, T[typeof info]['key']>

type CasesOf<T extends Tables> = {
  [K in keyof T & string]:
    | SelectCase<T, K>
    | InsertCase<K, TableOf<T[K]>['insert']>
    | UpdateCase<T, K>
    | DeleteCase<T, K>
}[keyof T & string]

/** What `atomicbase policies test` checks: the rows of a scratch database, and what callers may do with them. */
export class PolicyTests {
  private constructor()
  toJSON(): JsonValue
}

/** The rows that every case starts from, and the cases; without types where the schema is given by its name. */
export type PolicyCases<S extends Schema | string> =
  S extends Schema<string, infer T>
    ? {
        readonly rows?: { readonly [K in keyof T]?: readonly TableOf<T[K]>['insert'][] }
        readonly cases: readonly CasesOf<T>[]
      }
    : {
        readonly rows?: { readonly [table: string]: readonly object[] }
        readonly cases: readonly object[]
      }

/** Tests of a schema's policies, as the default export of a `.policies.ts` file. */
export function definePolicyTests<S extends Schema | string>(schema: S, tests: PolicyCases<S>): PolicyTests

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
