// `insert`: one row or many, and what happens where a row of the same key exists.

import {
  type Amount,
  type DataOf,
  dataOf,
  type Operation,
  type QueryOptions,
  TableQuery,
  type Target,
  type WireAnswer,
} from './query.js'
import type { ColumnList, ColumnOf, SchemaShape, Selected } from './shape.js'

/** A write that succeeded. `data` is `null` without `returning`. */
export interface WriteAnswer<Data> {
  data: Data
  error: null
  rows_affected: number
  last_insert_id?: number
}

/** What to do where a row of the same key exists. */
export interface OnConflict<Column extends string, Action extends ConflictAction = ConflictAction> {
  /** The unique columns that collide; left out, any for `ignore` and the primary key for the others. */
  target?: Column | readonly Column[]
  /** `ignore` leaves the old row, `update` takes over `update`'s columns, `replace` all. */
  action: Action
  /** Columns that `update` takes over; all that were inserted when left out. */
  update?: readonly Column[]
}

export type ConflictAction = 'ignore' | 'update' | 'replace'

/** One row that may be ignored is one row or none. */
type AfterConflict<A extends Amount, Action> = A extends 'one'
  ? 'ignore' extends Action
    ? 'one_or_none'
    : A
  : A

interface InsertState extends QueryOptions {
  readonly table: string
  readonly rows: unknown
  readonly amount: Amount
  readonly returning?: readonly string[]
  readonly onConflict?: Record<string, unknown>
}

/** An insert. Every method gives a new query and leaves this one as it is. */
export class InsertQuery<
  S extends SchemaShape<S>,
  T extends keyof S,
  A extends Amount,
  Row = null,
  Throws extends boolean = false,
> extends TableQuery<WriteAnswer<DataOf<Row, A>>, Throws> {
  readonly #state: InsertState

  /** @internal */
  constructor(target: Target, state: InsertState) {
    super(target, state)
    this.#state = state
  }

  /** Answers the rows as they were stored: an object for an object, a list for a list. */
  returning<const C extends ColumnList<S, T> = ['*']>(
    columns?: C,
  ): InsertQuery<S, T, A, Selected<S, T, C>, Throws> {
    return this.#with({ returning: columns ?? ['*'] })
  }

  /** Says what happens where a row of the same key exists; without it the insert fails with `UNIQUE_VIOLATION`. */
  onConflict<const Action extends ConflictAction>(
    conflict: OnConflict<ColumnOf<S, T>, Action>,
  ): InsertQuery<S, T, AfterConflict<A, Action>, Row, Throws> {
    const { target, action, update } = conflict
    const onConflict = {
      ...(target !== undefined && { target: typeof target === 'string' ? [target] : target }),
      action,
      ...(update !== undefined && { update }),
    }
    const amount = this.#state.amount === 'one' && action === 'ignore' ? 'one_or_none' : this.#state.amount
    return this.#with({ onConflict, amount })
  }

  /** Ends the call when the signal does; the error is `ABORTED`, and the rows may have been written all the same. */
  signal(signal: AbortSignal): this {
    return this.#with({ signal })
  }

  /** Rejects with the error instead of resolving to it. */
  throwOnError(): InsertQuery<S, T, A, Row, true> {
    return this.#with({ throws: true })
  }

  /** @internal */
  override operation(): Operation {
    const { table, rows, returning, onConflict } = this.#state
    const body = {
      data: rows,
      ...(returning !== undefined && { returning }),
      ...(onConflict !== undefined && { on_conflict: onConflict }),
    }
    return { operation: 'insert', table, body }
  }

  /** @internal */
  override read(wire: WireAnswer): WriteAnswer<DataOf<Row, A>> {
    return writeAnswer(wire, this.#state.returning === undefined ? undefined : this.#state.amount)
  }

  #with<Next>(change: Partial<InsertState>): Next {
    return new InsertQuery(this.target, { ...this.#state, ...change }) as unknown as Next
  }
}

/** A write's answer; `amount` is `undefined` when no rows were asked for. */
export function writeAnswer<Data>(wire: WireAnswer, amount: Amount | undefined): WriteAnswer<Data> {
  const hint = 'The rows were written. Narrow `where`, or leave `.single()` out.'
  const data = amount === undefined ? null : dataOf(wire.data ?? [], amount, hint)
  return {
    data: data as Data,
    error: null,
    rows_affected: wire.rows_affected ?? 0,
    ...(wire.last_insert_id !== undefined && { last_insert_id: wire.last_insert_id }),
  }
}
