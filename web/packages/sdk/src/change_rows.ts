// `update` and `delete`: both touch the rows that `where` finds and may answer them.

import { type WireSelection, wireSelection } from './bigint.js'
import type { Filter } from './filters.js'
import { type WriteAnswer, writeAnswer } from './insert_rows.js'
import {
  type Amount,
  type DataOf,
  type Operation,
  type Preferences,
  type QueryOptions,
  TableQuery,
  type Target,
  type WireAnswer,
} from './query.js'
import { Ref } from './reference.js'
import type { Scope } from './relation.js'
import type { Selected } from './selected.js'
import type { Checked, Returning } from './selection.js'
import type { ColumnOf, RowOf, SchemaShape } from './shape.js'

interface ChangeState extends QueryOptions {
  readonly operation: 'update' | 'delete'
  readonly table: string
  /** The new values; `undefined` for a delete. */
  readonly values?: unknown
  readonly where: readonly unknown[]
  readonly amount: Amount
  readonly returning?: WireSelection
  readonly maxAffected?: number
}

/** An update or a delete. Every method gives a new query and leaves this one as it is. */
export class ChangeQuery<
  S extends SchemaShape<S>,
  T extends keyof S,
  Row = null,
  A extends Amount = 'many',
  Throws extends boolean = false,
> extends TableQuery<WriteAnswer<DataOf<Row, A>>, Throws> {
  readonly #state: ChangeState

  /** @internal */
  constructor(target: Target, state: ChangeState) {
    super(target, state)
    this.#state = state
  }

  /** Only rows for which all conditions hold. Without any the server refuses: `MISSING_WHERE_CLAUSE`. */
  where(...filters: Filter<Scope<S, T>>[]): this {
    return this.#with({ where: [...this.#state.where, ...filters] })
  }

  /** Answers the rows, with related rows where asked: after an update as they became, after a delete as they were. */
  returning<const C extends Returning<S, T> = ['*']>(
    columns?: C & Checked<S, T, C>,
  ): ChangeQuery<S, T, Selected<S, T, C>, A, Throws> {
    return this.#with({ returning: wireSelection(columns ?? ['*']) })
  }

  /** With `returning`, one row or `null`. More are an error, and have been written all the same. */
  single(): ChangeQuery<S, T, Row, 'one_or_none', Throws> {
    return this.#with({ amount: 'one_or_none' })
  }

  /** Changes nothing where `where` finds more rows than these; the error is `TOO_MANY_ROWS`. */
  maxAffected(rows: number): this {
    return this.#with({ maxAffected: rows })
  }

  /** In a batch, a column of a row that is touched here, for a later query. */
  ref<C extends ColumnOf<S, T>>(column: C, row = 0): Ref<NonNullable<RowOf<S, T>[C]>> {
    return new Ref(this, column, row)
  }

  /** Ends the call when the signal does; the error is `ABORTED`, and the rows may have been written all the same. */
  signal(signal: AbortSignal): this {
    return this.#with({ signal })
  }

  /** Rejects with the error instead of resolving to it. */
  throwOnError(): ChangeQuery<S, T, Row, A, true> {
    return this.#with({ throws: true })
  }

  /** @internal */
  override operation(): Operation {
    const { operation, table, values, where, returning } = this.#state
    const body = {
      ...(values !== undefined && { data: values }),
      ...(where.length > 0 && { where }),
      ...(returning !== undefined && { returning: returning.wire }),
    }
    return { operation, table, body }
  }

  /** @internal */
  override read(wire: WireAnswer): WriteAnswer<DataOf<Row, A>> {
    return writeAnswer(wire, this.#state.amount, this.#state.returning)
  }

  /** @internal */
  override preferences(): Preferences {
    return { bigint: this.#state.returning?.exact !== undefined, maxAffected: this.#state.maxAffected }
  }

  #with<Next>(change: Partial<ChangeState>): Next {
    return new ChangeQuery(this.target, { ...this.#state, ...change }) as unknown as Next
  }
}
