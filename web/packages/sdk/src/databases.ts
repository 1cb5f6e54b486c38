// `databases`: creating, finding and deleting tenant databases.

import { List, type ListOptions } from './list.js'
import type { CallOptions, Transport } from './transport.js'

/** A tenant database. */
export interface DatabaseInfo {
  id: string
  name: string
  template: string
  /** The template version it is at. */
  version: number
  /** `set_aside` when its data refused a version: it is served as it was. */
  status: 'ready' | 'set_aside'
  error?: { code: string; detail: string }
  created_at: number
}

export interface CreateDatabase {
  /** Lower-case letters, digits and hyphens; never given twice. */
  name: string
  template: string
}

export class Databases {
  readonly #transport: Transport

  /** @internal */
  constructor(transport: Transport) {
    this.#transport = transport
  }

  /** Creates a database at the newest released version of its template. */
  create({ name, template }: CreateDatabase, options: CallOptions = {}): Promise<DatabaseInfo> {
    return this.#transport.send({
      method: 'POST',
      path: '/platform/databases',
      body: { name, template },
      signal: options.signal,
    })
  }

  /** All databases, or those of one template. */
  list({ template, ...options }: ListOptions & { template?: string } = {}): List<DatabaseInfo> {
    return new List(this.#transport, '/platform/databases', options, { template })
  }

  /** A database by its id or name. */
  get(idOrName: string, options: CallOptions = {}): Promise<DatabaseInfo> {
    return this.#transport.send({
      method: 'GET',
      path: path(idOrName),
      signal: options.signal,
      readOnly: true,
    })
  }

  /** Deletes a database with its rows. Its name stays taken. */
  delete(idOrName: string, options: CallOptions = {}): Promise<void> {
    return this.#transport.send({ method: 'DELETE', path: path(idOrName), signal: options.signal })
  }
}

function path(idOrName: string): string {
  return `/platform/databases/${encodeURIComponent(idOrName)}`
}
