// What a selection answers. Types only: nothing here runs.

import type { Exact } from './bigint.js'
import type { IsToMany, TableOf } from './relation.js'
import type { AnyRow, RowOf, SchemaShape, Untyped } from './shape.js'

/** A row as a selection answers it. */
export type Selected<S extends SchemaShape<S>, T extends keyof S, C> =
  Untyped<S> extends true
    ? AnyRow
    : C extends readonly unknown[]
      ? Flat<Columns<RowOf<S, T>, C[number]> & Labelled<S, T, LabelsOf<C[number]>>>
      : RowOf<S, T>

/** The labels of a selection's aggregates. */
export type AggregateLabel<C> = C extends readonly unknown[]
  ? {
      [N in KeyOfEach<LabelsOf<C[number]>>]: ValueOfEach<LabelsOf<C[number]>, N> extends AnyAggregate
        ? N
        : never
    }[KeyOfEach<LabelsOf<C[number]>>] &
      string
  : never

/** The aggregates of a selection by their labels, as `having` sees them. */
export type Aggregates<S extends SchemaShape<S>, T extends keyof S, C> =
  Untyped<S> extends true ? AnyRow : Pick<Selected<S, T, C>, AggregateLabel<C> & keyof Selected<S, T, C>>

type AnyAggregate =
  | { readonly count: string }
  | { readonly sum: string }
  | { readonly avg: string }
  | { readonly min: string }
  | { readonly max: string }
  | Exact<object>

type Columns<Row, Item> = ('*' extends Item
  ? Omit<Row, ExactColumn<Item>>
  : Pick<Row, Extract<Item, keyof Row>>) & {
  [C in ExactColumn<Item> & keyof Row]: AsBigInt<Row[C]>
}

type ExactColumn<Item> = Item extends Exact<infer Column extends string> ? Column : never

type AsBigInt<Value> = Value extends number ? bigint : Value

type LabelsOf<Item> = Item extends string | Exact<string> ? never : Item

type Labelled<S extends SchemaShape<S>, T extends keyof S, Item> = {
  [N in KeyOfEach<Item>]: ValueOf<S, T, N, ValueOfEach<Item, N>>
}

type ValueOf<S extends SchemaShape<S>, T extends keyof S, N, V> = V extends readonly unknown[]
  ? Related<S, T, N, V, never>
  : V extends { readonly from: infer From }
    ? RelatedBy<S, T, From, V>
    : V extends Exact<infer Of>
      ? AsBigInt<AggregateValue<RowOf<S, T>, Of>>
      : V extends AnyAggregate
        ? AggregateValue<RowOf<S, T>, V>
        : V extends { readonly rank: string }
          ? number
          : V extends { readonly highlight: infer Marked } | { readonly snippet: infer Marked }
            ? MarkedText<RowOf<S, T>, Marked>
            : RelatedBy<S, T, N, V>

/** Of no rows, only a count is a number. */
type AggregateValue<Row, Of> = Of extends { readonly count: string }
  ? number
  : Of extends { readonly sum: string } | { readonly avg: string }
    ? number | null
    : Of extends { readonly min: infer C extends keyof Row } | { readonly max: infer C extends keyof Row }
      ? Row[C] | null
      : never

type MarkedText<Row, Marked> = Marked extends keyof Row
  ? Row[Marked]
  : Marked extends { readonly column: infer C extends keyof Row }
    ? Row[C]
    : never

type RelatedBy<S extends SchemaShape<S>, T extends keyof S, N, V> = Related<
  S,
  T,
  N,
  V extends { readonly select: infer C } ? C : V extends { readonly group: infer G } ? ListOf<G> : '*',
  V extends { readonly group: infer G } ? G : never
>

type ListOf<G> = G extends readonly unknown[] ? G : readonly [G]

type Related<S extends SchemaShape<S>, T extends keyof S, N, C, Group> =
  IsToMany<S, T, N> extends true
    ? IsOneGroup<C, Group> extends true
      ? [Selected<S, TableOf<S, T, N>, C>]
      : Selected<S, TableOf<S, T, N>, C>[]
    : Selected<S, TableOf<S, T, N>, C> | null

/** Aggregates without `group` are one row, also of no rows. */
type IsOneGroup<C, Group> = [AggregateLabel<C>] extends [never]
  ? false
  : [Group] extends [never]
    ? true
    : false

type KeyOfEach<U> = U extends unknown ? keyof U : never
type ValueOfEach<U, K> = U extends unknown ? (K extends keyof U ? U[K] : never) : never
type Flat<O> = { [K in keyof O]: O[K] } & {}
