// The types that follow from a schema: rows, selections and what a selection answers. Types only: nothing here runs.

/** An object of which nothing is known: what rows are when the client has no schema. */
// biome-ignore lint/suspicious/noExplicitAny: an untyped client makes no promise about values, so it must not demand casts either
export type AnyRow = Record<string, any>

/** One table as `InferSchema` and generated types describe it. */
export interface TableShape {
  /** A row as it is read. */
  row: object
  /** A row as it is inserted: columns with a default may be left out. */
  insert: object
  /** A change of a row. */
  update: object
  /** Foreign keys: column to `table.column`. */
  references: object
}

/** The schema of a client that was given none. */
export interface AnySchema {
  [table: string]: { row: AnyRow; insert: AnyRow; update: AnyRow; references: Record<string, string> }
}

/** What every schema type must be: tables by name. */
export type SchemaShape<S> = { [T in keyof S]: TableShape }

/** True when nothing is known of the tables. */
type Untyped<S> = string extends keyof S ? true : false

export type RowOf<S extends SchemaShape<S>, T extends keyof S> = S[T]['row']
export type InsertOf<S extends SchemaShape<S>, T extends keyof S> = S[T]['insert']
export type UpdateOf<S extends SchemaShape<S>, T extends keyof S> = S[T]['update']
export type ColumnOf<S extends SchemaShape<S>, T extends keyof S> = keyof S[T]['row'] & string

/** Columns of a table without relations, as `returning` takes them. */
export type ColumnList<S extends SchemaShape<S>, T extends keyof S> = readonly (ColumnOf<S, T> | '*')[]

/** Columns and relations of a table, as `select` takes them. */
export type Selection<S extends SchemaShape<S>, T extends keyof S> = readonly SelectionItem<S, T>[]

type SelectionItem<S extends SchemaShape<S>, T extends keyof S> =
  Untyped<S> extends true
    ? string | AnySelectionItem
    :
        | ColumnOf<S, T>
        | '*'
        | { readonly [N in RelationName<S, T>]?: Selection<S, TableOf<S, T, N>> | RelationObject<S, T> }
        | { readonly [label: string]: RelationObject<S, T> }

/** A relation under another name: `{ open: { from: 'tasks', select: ['id'] } }`. */
type RelationObject<S extends SchemaShape<S>, T extends keyof S> = {
  [N in RelationName<S, T>]: { readonly from: N; readonly select?: Selection<S, TableOf<S, T, N>> }
}[RelationName<S, T>]

interface AnySelectionItem {
  readonly [relation: string]:
    | readonly (string | AnySelectionItem)[]
    | { readonly from: string; readonly select?: readonly (string | AnySelectionItem)[] }
}

/** Refuses relations that are not there where one that is stands beside them: there TypeScript looks no further. */
export type OnlyRelations<S extends SchemaShape<S>, T extends keyof S, C> =
  Untyped<S> extends true
    ? unknown
    : C extends '*'
      ? unknown
      : {
          readonly [Position in keyof C]: C[Position] extends string
            ? unknown
            : { readonly [N in keyof C[Position]]: OnlyRelation<S, T, N, C[Position][N]> }
        }

type OnlyRelation<S extends SchemaShape<S>, T extends keyof S, N, Value> = Value extends readonly unknown[]
  ? N extends RelationName<S, T>
    ? OnlyRelations<S, TableOf<S, T, N>, Value>
    : never
  : Value extends { readonly from: infer From }
    ? From extends RelationName<S, T>
      ? {
          readonly [Field in keyof Value]: Field extends 'from'
            ? From
            : Field extends 'select'
              ? OnlyRelations<S, TableOf<S, T, From>, Value[Field]>
              : never
        }
      : never
    : never

/** A row as a selection answers it. */
export type Selected<S extends SchemaShape<S>, T extends keyof S, C extends '*' | readonly unknown[]> =
  Untyped<S> extends true
    ? AnyRow
    : C extends readonly unknown[]
      ? Flat<PickedColumns<RowOf<S, T>, C[number]> & PickedRelations<S, T, Extract<C[number], object>>>
      : RowOf<S, T>

type PickedColumns<Row, Item> = '*' extends Item ? Row : Pick<Row, Extract<Item, keyof Row>>

type PickedRelations<S extends SchemaShape<S>, T extends keyof S, Item> = {
  [N in KeyOfEach<Item>]: ReadRelation<S, T, N, ValueOfEach<Item, N>>
}

type ReadRelation<S extends SchemaShape<S>, T extends keyof S, N, Value> = Value extends readonly unknown[]
  ? Related<S, T, N, Value>
  : Value extends { readonly from: infer From; readonly select: infer C extends readonly unknown[] }
    ? Related<S, T, From, C>
    : Value extends { readonly from: infer From }
      ? Related<S, T, From, '*'>
      : never

/** Columns of `R` that refer to `T`: each makes `R` a list under a row of `T`. */
type ToMany<S extends SchemaShape<S>, T extends keyof S, R extends keyof S> = Referring<
  S[R]['references'],
  T & string
>

/** Columns of `T` that refer to `R`: each makes `R` an object, or null, under a row of `T`. */
type ToOne<S extends SchemaShape<S>, T extends keyof S, R extends keyof S> = Referring<
  S[T]['references'],
  R & string
>

type Referring<References, Table extends string> = {
  [C in keyof References & string]: References[C] extends `${Table}.${string}` ? C : never
}[keyof References & string]

/** Every way from `T` to `R`, told apart by direction because a self-reference is both. */
type Paths<S extends SchemaShape<S>, T extends keyof S, R extends keyof S> =
  | `many ${ToMany<S, T, R>}`
  | `one ${ToOne<S, T, R>}`

/**
 * A related table by its name where one key joins the two; `table!column` names one of several, and `!column` the row
 * that a column of this table refers to.
 */
type RelationName<S extends SchemaShape<S>, T extends keyof S> =
  | { [R in keyof S & string]: NamesOfPaths<R, Paths<S, T, R>> }[keyof S & string]
  | `!${keyof S[T]['references'] & string}`

type NamesOfPaths<R extends string, P extends string> = [P] extends [never]
  ? never
  : (IsUnion<P> extends true ? never : R) | (P extends `${string} ${infer Column}` ? `${R}!${Column}` : never)

type TableOf<S extends SchemaShape<S>, T extends keyof S, N> = (N extends `!${infer Column}`
  ? ReferredTable<S[T]['references'], Column>
  : N extends `${infer R}!${string}`
    ? R
    : N) &
  keyof S

type ReferredTable<References, Column> = Column extends keyof References
  ? References[Column] extends `${infer R}.${string}`
    ? R
    : never
  : never

type Related<S extends SchemaShape<S>, T extends keyof S, N, C extends '*' | readonly unknown[]> =
  IsToMany<S, T, TableOf<S, T, N>, N> extends true
    ? Selected<S, TableOf<S, T, N>, C>[]
    : Selected<S, TableOf<S, T, N>, C> | null

type IsToMany<S extends SchemaShape<S>, T extends keyof S, R extends keyof S, N> = N extends `!${string}`
  ? false
  : N extends `${string}!${infer Column}`
    ? Column extends ToMany<S, T, R>
      ? true
      : false
    : [ToMany<S, T, R>] extends [never]
      ? false
      : true

type KeyOfEach<U> = U extends unknown ? keyof U : never
type ValueOfEach<U, K> = U extends unknown ? (K extends keyof U ? U[K] : never) : never
type IsUnion<U, Whole = U> = [U] extends [never]
  ? false
  : U extends unknown
    ? [Whole] extends [U]
      ? false
      : true
    : never
type Flat<O> = { [K in keyof O]: O[K] } & {}
