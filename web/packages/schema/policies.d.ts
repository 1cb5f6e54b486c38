// Types of policies and of their tests: conditions that know a table's columns and its relations. schema.js has the code.

import type { Schema } from './schema.js'
import type {
  AnyTable,
  ColumnsOf,
  InferTable,
  info,
  JsonValue,
  Name,
  ReferencesOf,
  Tables,
} from './tables.js'

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
