// What `select` and `returning` take, checked against the schema. Types only: nothing here runs.

import type { Exact } from './bigint.js'
import type { Filter } from './filters.js'
import type { RelationName, Scope, TableOf } from './relation.js'
import type { AggregateLabel } from './selected.js'
import type { ColumnOf, ColumnsWith, RowOf, SchemaShape, Untyped } from './shape.js'

export type Direction = 'asc' | 'desc'

/** The rank of a full-text search, as `orderBy` takes it: ascending, the best row comes first. */
export type Rank = '__rank'

/** What `select` takes: columns, related rows, and under a label relations, aggregates and values of a full-text search. */
export type Selection<S extends SchemaShape<S>, T extends keyof S> =
  Untyped<S> extends true
    ? AnySelection
    : readonly (Item<S, T> | { readonly [label: string]: RelationObject<S, T> | Value<S, T> })[]

/** What `returning` takes: columns and related rows. */
export type Returning<S extends SchemaShape<S>, T extends keyof S> =
  Untyped<S> extends true
    ? AnySelection
    : readonly (Item<S, T> | { readonly [label: string]: RelationObject<S, T> })[]

type AnySelection = readonly (string | Exact<string> | { readonly [label: string]: unknown })[]

type Item<S extends SchemaShape<S>, T extends keyof S> =
  | ColumnOf<S, T>
  | '*'
  | Exact<ColumnsWith<RowOf<S, T>, number>>
  | {
      readonly [N in RelationName<S, T>]?:
        | RelationObject<S, T>
        | Value<S, T>
        | ((Selection<S, TableOf<S, T, N>> | RelationOptions<S, TableOf<S, T, N>>) & NoFrom)
    }

/** A relation under another name: `{ open: { from: 'tasks', select: ['id'] } }`. */
type RelationObject<S extends SchemaShape<S>, T extends keyof S, N = RelationName<S, T>> = N extends string
  ? { readonly from: N } & RelationOptions<S, TableOf<S, T, N>>
  : never

/** Tells the compiler what is not a `RelationObject`: only then it knows whose columns a `where` beside it names. */
interface NoFrom {
  readonly from?: undefined
}

/** Which related rows, and what of them. */
interface RelationOptions<S extends SchemaShape<S>, R extends keyof S> {
  readonly select?: Selection<S, R>
  readonly where?: Filter<Scope<S, R>> | readonly Filter<Scope<S, R>>[]
  readonly order?: Order<ColumnOf<S, R> | Rank> | Order<string>
  /** At most so many per row; 100 when left out. */
  readonly limit?: number
  readonly distinct?: boolean
  readonly group?: ColumnOf<S, R> | readonly ColumnOf<S, R>[]
  readonly having?: Filter<AnyLabels> | readonly Filter<AnyLabels>[]
}

type Order<Column extends string> =
  | { readonly [C in Column]?: Direction }
  | readonly { readonly [C in Column]?: Direction }[]

// biome-ignore lint/suspicious/noExplicitAny: which labels a nested `select` has is not known where its `having` is read
type AnyLabels = Record<string, any>

/** A value that is made of rows, under a label: `{ n: { count: '*' } }`. */
type Value<S extends SchemaShape<S>, T extends keyof S> = (
  | Aggregate<RowOf<S, T>>
  | SearchValue<RowOf<S, T>>
) &
  NoFrom

type Aggregate<Row> = PlainAggregate<Row> | Exact<ExactAggregate<Row>>

type PlainAggregate<Row> =
  | { readonly count: '*' | (keyof Row & string) }
  | { readonly [F in 'sum' | 'avg']: { readonly [Only in F]: ColumnsWith<Row, number> } }['sum' | 'avg']
  | { readonly [F in 'min' | 'max']: { readonly [Only in F]: keyof Row & string } }['min' | 'max']

type ExactAggregate<Row> = {
  [F in 'sum' | 'min' | 'max']: { readonly [Only in F]: ColumnsWith<Row, number> }
}['sum' | 'min' | 'max']

type SearchValue<Row> =
  | { readonly rank: '__fts' }
  | { readonly highlight: ColumnsWith<Row, string> | Marks<Row> }
  | { readonly snippet: ColumnsWith<Row, string> | (Marks<Row> & Excerpt) }

interface Marks<Row> {
  readonly column: ColumnsWith<Row, string>
  /** What stands before and after a word that was found: `<b>` and `</b>` when left out. */
  readonly before?: string
  readonly after?: string
}

interface Excerpt {
  /** What stands for text that is left out: `…` when left out itself. */
  readonly ellipsis?: string
  /** Words at most, 1 to 64: 16 when left out. */
  readonly tokens?: number
}

/** Refuses labels that are wrong where one that is right stands beside them: there TypeScript looks no further. */
export type Checked<S extends SchemaShape<S>, T extends keyof S, C> =
  Untyped<S> extends true
    ? unknown
    : C extends readonly unknown[]
      ? {
          readonly [Position in keyof C]: C[Position] extends string | Exact<string>
            ? unknown
            : { readonly [N in keyof C[Position]]: CheckedValue<S, T, N, C[Position][N]> }
        }
      : unknown

type CheckedValue<S extends SchemaShape<S>, T extends keyof S, N, V> = V extends readonly unknown[]
  ? N extends RelationName<S, T>
    ? Checked<S, TableOf<S, T, N>, V>
    : never
  : V extends { readonly from: infer From }
    ? From extends RelationName<S, T>
      ? CheckedOptions<S, TableOf<S, T, From>, V>
      : never
    : V extends Value<S, T>
      ? CheckedMarks<V>
      : N extends RelationName<S, T>
        ? CheckedOptions<S, TableOf<S, T, N>, V>
        : never

type CheckedMarks<V> = V extends { readonly highlight: infer M extends object }
  ? [Exclude<keyof M, keyof Marks<unknown>>] extends [never]
    ? unknown
    : never
  : unknown

type CheckedOptions<S extends SchemaShape<S>, R extends keyof S, V> = {
  readonly [Field in keyof V]: Field extends 'select'
    ? Checked<S, R, V[Field]>
    : Field extends 'order'
      ? CheckedOrder<
          ColumnOf<S, R> | Rank | AggregateLabel<V extends { readonly select: infer C } ? C : '*'>,
          V[Field]
        >
      : Field extends 'from'
        ? unknown
        : Field extends keyof RelationOptions<S, R>
          ? RelationOptions<S, R>[Field]
          : never
}

type CheckedOrder<Column, V> = V extends readonly unknown[]
  ? { readonly [Position in keyof V]: Known<Column, V[Position]> }
  : Known<Column, V>

/** Refuses members of other names. */
type Known<Name, V> = V extends object
  ? { readonly [K in keyof V]: K extends Name ? unknown : never }
  : unknown
