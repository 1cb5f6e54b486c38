// References in a batch: a value that an earlier query of the same batch gives.

declare const given: unique symbol

/** A column of a row that an earlier query of the batch touches; made by a query's `.ref(column)`. */
export class Ref<out Value> {
  /** Never there at run time: it lets only values of the right type be referred to. */
  declare readonly [given]: Value
  readonly #query: object
  readonly #path: string

  /** @internal */
  constructor(query: object, column: string, row: number) {
    this.#query = query
    this.#path = row === 0 ? column : `${row}.${column}`
  }

  /** @internal Outside of a batch there is nothing to refer to. */
  toJSON(): never {
    throw new TypeError(`.ref(…) of \`${this.#path}\` is read in a batch only.`)
  }

  /** @internal As it goes over the wire in query `position` of the batch `queries`. */
  resolve(queries: readonly object[], position: number): { $ref: string } {
    const found = queries.indexOf(this.#query)
    if (found === -1 || found >= position) {
      throw new TypeError(
        `Query ${position} of the batch refers to \`${this.#path}\` of a query that does not stand before it.`,
      )
    }
    return { $ref: `${found}.${this.#path}` }
  }
}

/** `value` with its references resolved. What holds none is not copied. */
export function resolveRefs(value: unknown, queries: readonly object[], position: number): unknown {
  if (value instanceof Ref) return value.resolve(queries, position)
  if (Array.isArray(value)) {
    const resolved = value.map((entry) => resolveRefs(entry, queries, position))
    return resolved.some((entry, index) => entry !== value[index]) ? resolved : value
  }
  if (!isPlain(value)) return value
  const members = Object.entries(value)
  const resolved = members.map(([name, member]) => [name, resolveRefs(member, queries, position)] as const)
  return resolved.some(([, member], index) => member !== members[index]?.[1])
    ? Object.fromEntries(resolved)
    : value
}

function isPlain(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}
