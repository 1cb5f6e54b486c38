// What all queries share: they are built without touching the network and run once, when first awaited.

import { AtomicbaseError } from './error.js'
import type { Transport } from './transport.js'

/** A query that succeeded. */
export interface Success {
  data: unknown
  error: null
}

/** A query that failed: every field of its success is there, without a value. */
export type Failure<Answer extends Success> = { data: null; error: AtomicbaseError } & {
  [Field in Exclude<keyof Answer, 'data' | 'error'>]?: undefined
}

/** What awaiting a query gives. */
export type Outcome<Answer extends Success, Throws extends boolean> = Throws extends true
  ? Answer
  : Answer | Failure<Answer>

/** How many rows `data` is: a list, one, or one and else `null`. */
export type Amount = 'many' | 'one' | 'one_or_none'

/** `data` of a query whose rows are `Row`; `Row` is `null` for a write without `returning`. */
export type DataOf<Row, A extends Amount> = [Row] extends [null]
  ? null
  : { many: Row[]; one: Row; one_or_none: Row | null }[A]

/** Where queries of one database go. */
export interface Target {
  readonly transport: Transport
  readonly database: string
}

export interface QueryOptions {
  readonly signal?: AbortSignal
  readonly throws?: boolean
}

/** One operation as the data API takes it. */
export interface Operation {
  operation: 'select' | 'insert' | 'update' | 'delete'
  table: string
  body: Record<string, unknown>
}

/** What the data API answers to one operation. */
export interface WireAnswer {
  data?: unknown[]
  count?: number
  rows_affected?: number
  last_insert_id?: number
}

declare const answer: unique symbol

/** A query: awaiting it runs it, once, and gives `{ data, error }`. */
export abstract class Query<Answer extends Success, Throws extends boolean>
  implements PromiseLike<Outcome<Answer, Throws>>
{
  /** Never there at run time: it lets `batch` know what each of its queries answers. */
  declare readonly [answer]: Answer
  #outcome: Promise<Outcome<Answer, Throws>> | undefined

  protected constructor(
    protected readonly target: Target,
    protected readonly options: QueryOptions,
  ) {}

  /** Sends the query. Rejects with `AtomicbaseError` only. */
  protected abstract run(): Promise<Answer>

  // biome-ignore lint/suspicious/noThenProperty: a query is awaited like a promise, but runs only then
  then<Fulfilled = Outcome<Answer, Throws>, Rejected = never>(
    onFulfilled?: ((outcome: Outcome<Answer, Throws>) => Fulfilled | PromiseLike<Fulfilled>) | null,
    onRejected?: ((reason: unknown) => Rejected | PromiseLike<Rejected>) | null,
  ): Promise<Fulfilled | Rejected> {
    this.#outcome ??= this.#settle()
    return this.#outcome.then(onFulfilled, onRejected)
  }

  catch<Rejected = never>(
    // biome-ignore lint/suspicious/noExplicitAny: as in `Promise`, so that a handler may say what it expects
    onRejected?: ((reason: any) => Rejected | PromiseLike<Rejected>) | null,
  ): Promise<Outcome<Answer, Throws> | Rejected> {
    return this.then(null, onRejected)
  }

  finally(onFinally?: (() => void) | null): Promise<Outcome<Answer, Throws>> {
    return this.then().finally(onFinally)
  }

  async #settle(): Promise<Outcome<Answer, Throws>> {
    try {
      return (await this.run()) as Outcome<Answer, Throws>
    } catch (error) {
      if (this.options.throws || !(error instanceof AtomicbaseError)) throw error
      return { data: null, error } as Outcome<Answer, Throws>
    }
  }
}

/** What `batch` answers for a query. */
export type AnswerOf<Q> = Q extends { readonly [answer]: infer Answer } ? Answer : never

/** A query on one table: what `batch` can take. */
export abstract class TableQuery<Answer extends Success, Throws extends boolean> extends Query<
  Answer,
  Throws
> {
  /** @internal */
  abstract operation(): Operation

  /** @internal The answer of the wire as this query's answer. */
  abstract read(wire: WireAnswer): Answer

  /** @internal Beside `operation`, what the answer should carry. */
  preferences(): string[] {
    return []
  }

  protected override async run(): Promise<Answer> {
    const { operation, table, body } = this.operation()
    const wire = await this.target.transport.send<WireAnswer>({
      method: 'POST',
      path: `/data/query/${encodeURIComponent(table)}`,
      headers: {
        Database: this.target.database,
        Prefer: [`operation=${operation}`, ...this.preferences()].join(', '),
      },
      body,
      signal: this.options.signal,
      readOnly: operation === 'select',
    })
    return this.read(wire)
  }
}

/** `data` as `amount` says; more rows than it allows are an error. */
export function dataOf(rows: unknown[], amount: Amount, hint: string): unknown {
  if (amount === 'many') return rows
  if (rows.length > 1) {
    throw new AtomicbaseError({
      code: 'MULTIPLE_ROWS',
      message: 'One row was asked for and several came.',
      hint,
    })
  }
  return rows[0] ?? null
}
