// Starts the real program on a port and a data folder of its own, and stops it. Knows nothing of what it answers.

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'

export const BINARY = process.env.ATOMICBASE_BIN ?? resolve(import.meta.dirname, '../target/debug/atomicbase')

export const SERVICE_KEY = 'atb_sk_end_to_end_tests_0123456789abcdef'

/** A line of the server's log. */
interface LogLine {
  level?: string
  message?: string
  address?: string
  [field: string]: unknown
}

export class Server {
  readonly url: string
  readonly dataDir: string
  readonly #process: ChildProcess
  readonly #log: LogLine[]

  constructor(url: string, dataDir: string, process: ChildProcess, log: LogLine[]) {
    this.url = url
    this.dataDir = dataDir
    this.#process = process
    this.#log = log
  }

  /** Stops the server as an operator would. Fails when it does not end well, or warned of anything. */
  async stop(): Promise<void> {
    const ended = once(this.#process, 'exit')
    this.#process.kill('SIGTERM')
    const [code] = await ended
    await rm(this.dataDir, { recursive: true })
    const complaints = this.#log.filter(({ level }) => level === 'WARN' || level === 'ERROR')
    if (code !== 0 || complaints.length > 0) {
      throw new Error(
        `The server ended with ${code} and said:\n${complaints.map((line) => JSON.stringify(line)).join('\n')}`,
      )
    }
  }
}

/** Starts the server; `settings` are further `ATOMICBASE_*` variables. */
export async function startServer(settings: Record<string, string> = {}): Promise<Server> {
  const dataDir = await mkdtemp(join(tmpdir(), 'atomicbase-e2e-'))
  const process = spawn(BINARY, ['serve'], {
    cwd: dataDir,
    env: {
      ATOMICBASE_LISTEN: '127.0.0.1:0',
      ATOMICBASE_DATA_DIR: join(dataDir, 'data'),
      ATOMICBASE_SERVICE_KEY: SERVICE_KEY,
      ...settings,
    },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const log: LogLine[] = []
  const address = await new Promise<string>((listening, failed) => {
    process.once('error', failed)
    process.once('exit', (code) =>
      failed(new Error(`The server ended with ${code}:\n${JSON.stringify(log, null, 2)}`)),
    )
    createInterface({ input: process.stderr }).on('line', (text) => {
      const line = parse(text)
      log.push(line)
      if (line.message === 'listening' && line.address !== undefined) listening(line.address)
    })
  })
  return new Server(`http://${address}`, dataDir, process, log)
}

/** `atomicbase dev` on a project's folder. */
export interface DevServer {
  readonly url: string
  /** What it printed. */
  readonly greeting: string
  stop(): Promise<void>
}

/** Starts `atomicbase dev`; it is ready when its schema is pushed and its databases are filled. */
export async function startDev(folder: string): Promise<DevServer> {
  const started = spawn(BINARY, ['dev', '--dir', folder, '--listen', '127.0.0.1:0'], {
    env: { PATH: process.env.PATH },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const stop = async () => {
    const ended = once(started, 'exit')
    started.kill('SIGTERM')
    const [code] = await ended
    if (code !== 0) throw new Error(`dev ended with ${code}`)
  }
  let printed = ''
  // The greeting comes last.
  for await (const chunk of started.stdout) {
    printed += chunk
    const found = /address\s+(http:\S+)[\s\S]*Stop with Ctrl-C/.exec(printed)
    if (found?.[1] !== undefined) return { url: found[1], greeting: printed, stop }
  }
  throw new Error(`dev ended:\n${printed}`)
}

// What is said before the log is set up is plain text.
function parse(text: string): LogLine {
  try {
    return JSON.parse(text) as LogLine
  } catch {
    return { level: 'ERROR', message: text }
  }
}
