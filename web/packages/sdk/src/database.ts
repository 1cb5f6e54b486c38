// One tenant database: the doors to its tables. Nothing here is sent before a query is awaited.

import { wireSelection } from './bigint.js'
import { ChangeQuery } from './change_rows.js'
import { InsertQuery } from './insert_rows.js'
import type { Target } from './query.js'
import { type AnyTableQuery, BatchQuery } from './run_batch.js'
import { SelectQuery } from './select_rows.js'
import type { Checked, Selection } from './selection.js'
import type { InsertOf, SchemaShape, UpdateOf } from './shape.js'
import type { CallOptions } from './transport.js'

/** A column as `schema()` describes it. */
export interface ColumnDescription {
  name: string
  type: 'text' | 'integer' | 'real' | 'blob' | 'boolean' | 'json' | 'timestamp' | 'id'
  not_null: boolean
  has_default: boolean
  generated: boolean
  enum?: string[]
  /** `table.column` that it refers to. */
  references?: string
}

/** A way to another table, by the name that `select` takes and that is never ambiguous. */
export interface RelationDescription {
  name: string
  table: string
  kind: 'one' | 'many'
  /** The column here, and the one there. */
  column: string
  references: string
}

/** A table as `schema()` describes it. */
export interface TableDescription {
  name: string
  columns: ColumnDescription[]
  primary_key: string[]
  unique: string[][]
  relations: RelationDescription[]
  /** Columns of the full-text search. */
  fts?: string[]
}

/** A database's schema as the caller may see it. */
export interface SchemaDescription {
  template: string
  version: number
  tables: TableDescription[]
}

/** A client of one database. */
export class Database<S extends SchemaShape<S>> {
  readonly #target: Target

  /** @internal */
  constructor(target: Target) {
    this.#target = target
  }

  /** Starts a query on a table. */
  from<T extends keyof S & string>(table: T): Table<S, T> {
    return new Table(this.#target, table)
  }

  /** Several queries in one transaction: all of them happen, or none. `data` has what each would have answered alone. */
  batch<const Queries extends readonly AnyTableQuery[]>(queries: Queries): BatchQuery<Queries> {
    return new BatchQuery(this.#target, queries, {})
  }

  /** The database's tables and columns, as this caller may see them. */
  schema(options: CallOptions = {}): Promise<SchemaDescription> {
    const { transport, database } = this.#target
    return transport.send({
      method: 'GET',
      path: '/data/schema',
      headers: { Database: database },
      signal: options.signal,
      readOnly: true,
    })
  }
}

/** A table of a database: what can be done with its rows. */
export class Table<S extends SchemaShape<S>, T extends keyof S & string> {
  readonly #target: Target
  readonly #name: T

  /** @internal */
  constructor(target: Target, name: T) {
    this.#target = target
    this.#name = name
  }

  /**
   * Reads rows: all columns, or those of a list. In it `{ tasks: ['id'] }` reads related rows too, `{ n: { count: '*' } }`
   * aggregates, and `{ open: { from: 'tasks', where: … } }` is a relation under another name.
   */
  select<const C extends '*' | Selection<S, T> = '*'>(columns?: C & Checked<S, T, C>): SelectQuery<S, T, C> {
    return new SelectQuery(this.#target, {
      table: this.#name,
      columns: columns === undefined || columns === '*' ? undefined : wireSelection(columns),
      where: [],
      order: [],
      having: [],
      amount: 'many',
      counted: false,
    })
  }

  /** Inserts rows, all or none. */
  insert(rows: readonly InsertOf<S, T>[]): InsertQuery<S, T, 'many'>
  /** Inserts a row. */
  insert(row: InsertOf<S, T>): InsertQuery<S, T, 'one'>
  insert(rows: InsertOf<S, T> | readonly InsertOf<S, T>[]): InsertQuery<S, T, 'many' | 'one'> {
    const amount = Array.isArray(rows) ? 'many' : 'one'
    return new InsertQuery(this.#target, { table: this.#name, rows, amount })
  }

  /** Changes the rows that `where` finds. */
  update(values: UpdateOf<S, T>): ChangeQuery<S, T> {
    return this.#change('update', values)
  }

  /** Deletes the rows that `where` finds. */
  delete(): ChangeQuery<S, T> {
    return this.#change('delete')
  }

  #change(operation: 'update' | 'delete', values?: unknown): ChangeQuery<S, T> {
    return new ChangeQuery(this.#target, { operation, table: this.#name, values, where: [], amount: 'many' })
  }
}
