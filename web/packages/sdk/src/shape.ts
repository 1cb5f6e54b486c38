// The types that follow from a schema: rows, and what may be written into them. Types only: nothing here runs.

import type { Inc } from './increment.js'
import type { Ref } from './reference.js'

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
export type Untyped<S> = string extends keyof S ? true : false

export type RowOf<S extends SchemaShape<S>, T extends keyof S> = S[T]['row']
export type ColumnOf<S extends SchemaShape<S>, T extends keyof S> = keyof S[T]['row'] & string

/** Columns of `Row` whose values are `Value`. */
export type ColumnsWith<Row, Value> = {
  [C in keyof Row & string]-?: NonNullable<Row[C]> extends Value ? C : never
}[keyof Row & string]

/** A row as `insert` takes it. */
export type InsertOf<S extends SchemaShape<S>, T extends keyof S> = {
  [C in keyof S[T]['insert']]: Written<S[T]['insert'][C]>
}

/** A change as `update` takes it. */
export type UpdateOf<S extends SchemaShape<S>, T extends keyof S> = {
  [C in keyof S[T]['update']]: Written<S[T]['update'][C]> | Added<S[T]['update'][C]>
}

/** A value, or where it comes from. A whole number may be a bigint. */
type Written<Value> = Value | Given<Value>

type Given<Value> = Value extends number
  ? bigint | Ref<number>
  : Value extends string | boolean
    ? Ref<Value>
    : never

type Added<Value> = Value extends number ? Inc : never
