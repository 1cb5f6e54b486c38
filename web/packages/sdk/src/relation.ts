// The types of relations: their names, where they lead and whether to one row or to many. Types only: nothing here runs.

import type { AnyRow, RowOf, SchemaShape, Untyped } from './shape.js'

/**
 * A related table by its name where one key joins the two; `table!column` names one of several, and `!column` the row
 * that a column of this table refers to. A table beyond a join table goes by its own name, or by `table!join_table`.
 */
export type RelationName<S extends SchemaShape<S>, T extends keyof S> =
  | NamesToOne<S[T]['references']>
  | NamesToMany<S, T, Referrer<S, T>>
  | PlainNames<S, T, Referred<S, T> | Referrer<S, T>>
  | NamesThrough<S, T, Exclude<Referrer<S, T>, T>>

/** The table that a relation leads to. */
export type TableOf<S extends SchemaShape<S>, T extends keyof S, N> = (N extends `!${infer Column}`
  ? ReferredBy<S[T]['references'], Column>
  : N extends `${infer R}!${string}`
    ? R
    : N) &
  keyof S

/** Whether a relation leads to a list. */
export type IsToMany<S extends SchemaShape<S>, T extends keyof S, N> = N extends `!${string}`
  ? false
  : N extends `${infer R extends keyof S & string}!${infer Word}`
    ? Word extends ColumnsTo<S[R]['references'], T> | Exclude<Referrer<S, T>, T>
      ? true
      : false
    : N extends Referred<S, T>
      ? false
      : true

declare const related: unique symbol

/** What conditions on a table can be about: its columns, and by relations those of other tables. */
export type Scope<S extends SchemaShape<S>, T extends keyof S> =
  Untyped<S> extends true ? AnyRow : RowOf<S, T> & Related<S, T>

/** Never there at run time. */
interface Related<S extends SchemaShape<S>, T extends keyof S> {
  readonly [related]: { readonly [N in RelationName<S, T>]: Scope<S, TableOf<S, T, N>> }
}

/** The related rows of a row, by the names of the relations. */
export type RelatedOf<Row> = Row extends { readonly [related]: infer Relations }
  ? Relations
  : string extends keyof Row
    ? Record<string, AnyRow>
    : Record<never, never>

/** The columns among a table's foreign keys that refer to `T`. */
type ColumnsTo<References, T> = {
  [C in keyof References & string]: References[C] extends `${T & string}.${string}` ? C : never
}[keyof References & string]

/** The table that a column refers to. */
type ReferredBy<References, Column> = Column extends keyof References
  ? References[Column] extends `${infer R}.${string}`
    ? R
    : never
  : never

/** The tables that `T` refers to: each is an object, or null, under a row of `T`. */
type Referred<S extends SchemaShape<S>, T extends keyof S> = ReferredBy<
  S[T]['references'],
  keyof S[T]['references']
>

/** The tables that refer to `T`: each is a list under a row of `T`. */
type Referrer<S extends SchemaShape<S>, T extends keyof S> = {
  [R in keyof S & string]: [ColumnsTo<S[R]['references'], T>] extends [never] ? never : R
}[keyof S & string]

type NamesToOne<References> = {
  [C in keyof References & string]: `!${C}` | `${ReferredBy<References, C>}!${C}`
}[keyof References & string]

type NamesToMany<S extends SchemaShape<S>, T extends keyof S, R extends keyof S & string> = {
  [K in R]: `${K}!${ColumnsTo<S[K]['references'], T>}`
}[R]

/** Tables that are told by their names alone: one key joins them, and not two, nor one in each direction. */
type PlainNames<S extends SchemaShape<S>, T extends keyof S, R extends string> = {
  [K in R & keyof S & string]: IsUnion<
    `one ${ColumnsTo<S[T]['references'], K>}` | `many ${ColumnsTo<S[K]['references'], T>}`
  > extends true
    ? never
    : K
}[R & keyof S & string]

/** Tables beyond those that refer to both. Whether the pair is a key of the join table, as it must be, the server knows. */
type NamesThrough<S extends SchemaShape<S>, T extends keyof S, J extends keyof S & string> = {
  [K in J]: Exclude<Referred<S, K>, T | K> extends infer R extends string
    ?
        | (R extends string ? `${R}!${K}` : never)
        | (R extends Referred<S, T> | Referrer<S, T> ? never : OnlyPair<S, T, K, R>)
    : never
}[J]

/** The table beyond, if one column of the join table refers to each end. */
type OnlyPair<S extends SchemaShape<S>, T extends keyof S, J extends keyof S, R extends string> =
  | IsUnion<ColumnsTo<S[J]['references'], T>>
  | IsUnion<ColumnsTo<S[J]['references'], R>> extends false
  ? R
  : never

type IsUnion<U, Whole = U> = [U] extends [never]
  ? false
  : U extends unknown
    ? [Whole] extends [U]
      ? false
      : true
    : never
