// Reads lines from a body as it comes. Must not know what stands in them.

/** The lines of a text, without their ends: `\n`, `\r\n` or `\r`. */
export async function* readLines(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string, void, undefined> {
  const decoder = new TextDecoder()
  let text = ''
  for await (const chunk of chunks) {
    text += decoder.decode(chunk, { stream: true })
    // A `\r` at the very end may be the first half of `\r\n`.
    const lines = text.split(/\r\n|\n|\r(?!$)/)
    text = lines.pop() ?? ''
    yield* lines
  }
  if (text !== '') yield text
}
