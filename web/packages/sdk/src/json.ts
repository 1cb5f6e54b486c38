// JSON text in which a bigint is a number of all its digits: JSON.stringify refuses it, and JSON itself has no limit.

/** `JSON.stringify`, and bigints. */
export function toJson(value: unknown): string {
  try {
    return JSON.stringify(value)
  } catch (error) {
    // A replacer is called for every value there is; only what has a bigint pays for it.
    if (!(error instanceof TypeError)) throw error
  }
  // Random, so that no text of the caller's can be taken for a number.
  const mark = `bigint ${crypto.getRandomValues(new Uint32Array(4)).join('-')} `
  const text = JSON.stringify(value, (_, member) =>
    typeof member === 'bigint' ? `${mark}${member}` : member,
  )
  return text.replaceAll(new RegExp(`"${mark}(-?\\d+)"`, 'g'), '$1')
}
