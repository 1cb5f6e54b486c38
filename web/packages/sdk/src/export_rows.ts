// `export`: all rows of a query as they come, one line of JSON each.

import { type ExactColumns, readExact } from './bigint.js'
import { AtomicbaseError } from './error.js'
import { readLines } from './lines.js'
import type { Call, Transport } from './transport.js'

/** The rows of a query, however many. The server sends no faster than they are taken. */
export async function* exportRows<Row>(
  transport: Transport,
  call: Call,
  exact: ExactColumns | undefined,
): AsyncGenerator<Row, void, undefined> {
  const headers = { ...call.headers, Accept: 'application/x-ndjson' }
  for await (const line of readLines(transport.stream({ ...call, headers }))) {
    const row = parse(line)
    if (exact !== undefined) readExact(row, exact)
    yield row as Row
  }
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch (cause) {
    throw new AtomicbaseError({
      code: 'UNEXPECTED_ANSWER',
      message: 'A line of the export is not whole.',
      hint: 'What has come is not all of it. Look at what stands between here and Atomicbase.',
      cause,
    })
  }
}
