// The client: settings checked once, then one door per capability.

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
}

/** A client of one Atomicbase project. `S` is `InferSchema<typeof schema>`, or left out for untyped rows. */
export class Atomicbase<S extends SchemaShape<S> = AnySchema> {
  readonly databases: Databases
  readonly templates: Templates
  readonly jobs: Jobs
  readonly #transport: Transport

  constructor({ url, apiKey, fetch, timeoutMs }: AtomicbaseOptions) {
    this.#transport = new Transport({ url, apiKey: apiKey ?? environmentKey(), fetch, timeoutMs })
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
}
