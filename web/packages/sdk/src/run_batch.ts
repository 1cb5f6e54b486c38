// `batch`: several queries of one database in one transaction, all or nothing.

import {
  type AnswerOf,
  Query,
  type QueryOptions,
  type Success,
  type TableQuery,
  type Target,
  type WireAnswer,
} from './query.js'

/** Any query on a table but one with `.count()`: the data API counts only the rows of a query that comes alone. */
export type AnyTableQuery = TableQuery<Success & { count?: undefined }, boolean>

/** What each query of a batch answered, in their order. */
export type BatchAnswers<Queries extends readonly AnyTableQuery[]> = {
  -readonly [Position in keyof Queries]: AnswerOf<Queries[Position]>
}

/** A batch that succeeded. */
export interface BatchAnswer<Queries extends readonly AnyTableQuery[]> {
  data: BatchAnswers<Queries>
  error: null
}

/** A batch of queries, not yet sent. */
export class BatchQuery<
  Queries extends readonly AnyTableQuery[],
  Throws extends boolean = false,
> extends Query<BatchAnswer<Queries>, Throws> {
  readonly #queries: Queries

  /** @internal */
  constructor(target: Target, queries: Queries, options: QueryOptions) {
    super(target, options)
    const counted = queries.findIndex((query) => query.preferences().length > 0)
    if (counted !== -1) {
      throw new TypeError(
        `Query ${counted} of the batch has .count(), which a batch does not answer. Count on its own.`,
      )
    }
    this.#queries = queries
  }

  /** Ends the call when the signal does; the error is `ABORTED`, and the batch may have been done all the same. */
  signal(signal: AbortSignal): BatchQuery<Queries, Throws> {
    return new BatchQuery(this.target, this.#queries, { ...this.options, signal })
  }

  /** Rejects with the error instead of resolving to it. */
  throwOnError(): BatchQuery<Queries, true> {
    return new BatchQuery(this.target, this.#queries, { ...this.options, throws: true })
  }

  protected override async run(): Promise<BatchAnswer<Queries>> {
    const operations = this.#queries.map((query) => query.operation())
    const { results } = await this.target.transport.send<{ results: WireAnswer[] }>({
      method: 'POST',
      path: '/data/batch',
      headers: { Database: this.target.database },
      body: { operations },
      signal: this.options.signal,
      readOnly: operations.every(({ operation }) => operation === 'select'),
    })
    const data = this.#queries.map((query, position) => query.read(results[position] ?? {}))
    return { data: data as BatchAnswers<Queries>, error: null }
  }
}
