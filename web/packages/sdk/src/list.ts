// A list that the server gives in pages: awaited it is an array, iterated it comes page by page.

import type { CallOptions, Transport } from './transport.js'

const LARGEST_PAGE = 1000

export interface ListOptions extends CallOptions {
  /** At most so many items; all when left out. */
  limit?: number
  /** Where to go on: `next` of an earlier page. */
  cursor?: string
}

/** One page; `next` is there while more follow. */
export interface Page<Item> {
  data: Item[]
  next?: string
}

/**
 * Awaited, an array of all items, or of `limit` at most. With `for await` pages are fetched as they are needed.
 * `page()` gives one page and where the next begins.
 */
export class List<Item> implements PromiseLike<Item[]>, AsyncIterable<Item> {
  readonly #transport: Transport
  readonly #path: string
  readonly #options: ListOptions
  readonly #filter: Record<string, string | undefined>

  /** @internal */
  constructor(
    transport: Transport,
    path: string,
    options: ListOptions,
    filter: Record<string, string | undefined> = {},
  ) {
    this.#transport = transport
    this.#path = path
    this.#options = options
    this.#filter = filter
  }

  // biome-ignore lint/suspicious/noThenProperty: a list is awaited like a promise, but fetched only then
  then<Fulfilled = Item[], Rejected = never>(
    onFulfilled?: ((items: Item[]) => Fulfilled | PromiseLike<Fulfilled>) | null,
    onRejected?: ((reason: unknown) => Rejected | PromiseLike<Rejected>) | null,
  ): Promise<Fulfilled | Rejected> {
    return this.#collect().then(onFulfilled, onRejected)
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Item, void, undefined> {
    let left = this.#options.limit ?? Number.POSITIVE_INFINITY
    let cursor = this.#options.cursor
    while (left > 0) {
      const { data, next } = await this.#fetch(Math.min(left, LARGEST_PAGE), cursor)
      yield* data.slice(0, left)
      if (next === undefined) return
      left -= data.length
      cursor = next
    }
  }

  /** One page of `limit` items, or of the server's own size. */
  page(): Promise<Page<Item>> {
    return this.#fetch(this.#options.limit, this.#options.cursor)
  }

  async #collect(): Promise<Item[]> {
    const items: Item[] = []
    for await (const item of this) items.push(item)
    return items
  }

  #fetch(limit: number | undefined, cursor: string | undefined): Promise<Page<Item>> {
    return this.#transport.send({
      method: 'GET',
      path: this.#path,
      query: { ...this.#filter, limit, cursor },
      signal: this.#options.signal,
      readOnly: true,
    })
  }
}
