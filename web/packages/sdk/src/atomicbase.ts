// The client: settings checked once, then one door per capability.

import { type Actor, actAsHeader } from './act_as.js'
import { Database } from './database.js'
import { Databases } from './databases.js'
import { Jobs } from './jobs.js'
import { environmentKey } from './runtime.js'
import type { AnySchema, SchemaShape } from './shape.js'
import { Templates } from './templates.js'
import { type Fetch, Transport } from './transport.js'

export interface AtomicbaseOptions {
  /** Address of the server, such as `https://api.example.com`. */
  url: string
  /** A service key. Left out, a server runtime reads `ATOMICBASE_API_KEY`; a browser never does. */
  apiKey?: string
  /** Another `fetch` than the runtime's. */
  fetch?: Fetch
  /** How long a call may take, 60 seconds when left out. */
  timeoutMs?: number
  /** Asks with this caller's rights instead of the key's, to see what policies let them do. */
  actAs?: Actor
}

/** A client of one Atomicbase project. `S` is `InferSchema<typeof schema>`, or left out for untyped rows. */
export class Atomicbase<S extends SchemaShape<S> = AnySchema> {
  readonly databases: Databases
  readonly templates: Templates
  readonly jobs: Jobs
  readonly #options: AtomicbaseOptions
  readonly #transport: Transport

  constructor(options: AtomicbaseOptions) {
    const { url, apiKey, fetch, timeoutMs, actAs } = options
    this.#options = options
    this.#transport = new Transport({
      url,
      apiKey: apiKey ?? environmentKey(),
      fetch,
      timeoutMs,
      headers: actAs === undefined ? {} : actAsHeader(actAs),
    })
    this.databases = new Databases(this.#transport)
    this.templates = new Templates(this.#transport)
    this.jobs = new Jobs(this.#transport)
  }

  /** A client of one database, by its id or name. Sends nothing by itself. */
  database<D extends SchemaShape<D> = S>(idOrName: string): Database<D> {
    if (!/^[\x21-\x7e]+$/.test(idOrName)) {
      throw new TypeError(`${JSON.stringify(idOrName)} is neither an id nor a name of a database.`)
    }
    return new Database({ transport: this.#transport, database: idOrName })
  }

  /** A client that asks with another caller's rights: `actAs({ role: 'viewer' })`. Needs a service key. */
  actAs(actor: Actor): Atomicbase<S> {
    return new Atomicbase({ ...this.#options, actAs: actor })
  }
}
