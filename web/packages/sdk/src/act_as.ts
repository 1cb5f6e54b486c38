// `Act-As`: the caller whose rights a service key asks with.

/** A role as it is, a user as they are, or nobody. With `role` the user need not exist. */
export type Actor =
  | 'anonymous'
  | { readonly role: string; readonly user?: string; readonly org?: undefined }
  | { readonly user: string; readonly org?: string }

export function actAsHeader(actor: Actor): Record<string, string> {
  if (actor === 'anonymous') return { 'Act-As': actor }
  const parts = Object.entries(actor).flatMap(([name, value]) => {
    if (value === undefined) return []
    // A semicolon would begin another part.
    if (!/^[\x21-\x3a\x3c-\x7e]+$/.test(value)) {
      throw new TypeError(`${JSON.stringify(value)} is no ${name} to act as.`)
    }
    return `${name}=${value}`
  })
  return { 'Act-As': parts.join('; ') }
}
