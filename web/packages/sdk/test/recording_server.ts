// A real HTTP server on its own port that remembers what it was sent and answers what the test says.

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'

export interface Received {
  method: string
  url: string
  headers: IncomingMessage['headers']
  body: unknown
}

export type Respond = (received: Received, response: ServerResponse) => void

/** Starts a server for this test; `respond` is called once per request, in order of arrival. */
export async function recordingServer(respond: Respond): Promise<{ url: string; received: Received[] }> {
  const received: Received[] = []
  const server = createServer(async (request, response) => {
    let text = ''
    for await (const chunk of request) text += chunk
    const { method = '', url = '', headers } = request
    const entry = { method, url, headers, body: text === '' ? undefined : JSON.parse(text) }
    received.push(entry)
    respond(entry, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, received }
}

/** Answers every request alike. */
export function json(status: number, body: unknown, headers: Record<string, string> = {}): Respond {
  return (_, response) => {
    response.writeHead(status, { 'Content-Type': 'application/json', ...headers }).end(JSON.stringify(body))
  }
}

/** Answers the first request with the first, and so on; the last one again and again. */
export function inTurn(...responds: [Respond, ...Respond[]]): Respond {
  let turn = 0
  return (received, response) => {
    const respond = responds[Math.min(turn, responds.length - 1)] ?? responds[0]
    turn += 1
    respond(received, response)
  }
}
