// `insert`: one row or many, and what happens where a row of the same key exists.

import { type WireSelection, wireSelection } from './bigint.js'
import {
  type Amount,
  type DataOf,
  dataOf,
  type Operation,
  type Preferences,
  type QueryOptions,
  TableQuery,
  type Target,
  type WireAnswer,
} from './query.js'
import { Ref } from './reference.js'
import type { Selected } from './selected.js'
import type { Checked, Returning } from './selection.js'
import type { ColumnOf, RowOf, SchemaShape } from './shape.js'

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
  readonly returning?: WireSelection
  readonly onConflict?: Record<string, unknown>
  readonly maxAffected?: number
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

  /** Answers the rows as they were stored, with related rows where asked: an object for an object, a list for a list. */
  returning<const C extends Returning<S, T> = ['*']>(
    columns?: C & Checked<S, T, C>,
  ): InsertQuery<S, T, A, Selected<S, T, C>, Throws> {
    return this.#with({ returning: wireSelection(columns ?? ['*']) })
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

  /** Writes nothing where it would write more rows than these; the error is `TOO_MANY_ROWS`. */
  maxAffected(rows: number): this {
    return this.#with({ maxAffected: rows })
  }

  /** In a batch, a column of a row that is inserted here, for a later query: `.insert({ project_id: project.ref('id') })`. */
  ref<C extends ColumnOf<S, T>>(column: C, row = 0): Ref<NonNullable<RowOf<S, T>[C]>> {
    return new Ref(this, column, row)
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
      ...(returning !== undefined && { returning: returning.wire }),
      ...(onConflict !== undefined && { on_conflict: onConflict }),
    }
    return { operation: 'insert', table, body }
  }

  /** @internal */
  override read(wire: WireAnswer): WriteAnswer<DataOf<Row, A>> {
    return writeAnswer(wire, this.#state.amount, this.#state.returning)
  }

  /** @internal */
  override preferences(): Preferences {
    return { bigint: this.#state.returning?.exact !== undefined, maxAffected: this.#state.maxAffected }
  }

  #with<Next>(change: Partial<InsertState>): Next {
    return new InsertQuery(this.target, { ...this.#state, ...change }) as unknown as Next
  }
}

/** A write's answer; without `returning` it has no rows. */
export function writeAnswer<Data>(
  wire: WireAnswer,
  amount: Amount,
  returning: WireSelection | undefined,
): WriteAnswer<Data> {
  const hint = 'The rows were written. Narrow `where`, or leave `.single()` out.'
  const data = returning === undefined ? null : dataOf(wire.data ?? [], amount, returning.exact, hint)
  return {
    data: data as Data,
    error: null,
    rows_affected: wire.rows_affected ?? 0,
    ...(typeof wire.last_insert_id === 'number' && { last_insert_id: wire.last_insert_id }),
  }
}
