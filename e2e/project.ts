// A developer's project: a folder with schema files, a server of its own, and the command line in that folder.

import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { BINARY, SERVICE_KEY, type Server, startServer } from './server.js'

/** How a command ended and what it printed. */
export interface Ended {
  code: number
  out: string
  err: string
}

export class Project {
  readonly folder: string
  readonly server: Server
  /** What tells the command line which server and key to use. */
  readonly environment: Record<string, string>

  private constructor(folder: string, server: Server) {
    this.folder = folder
    this.server = server
    this.environment = { ATOMICBASE_URL: server.url, ATOMICBASE_API_KEY: SERVICE_KEY }
  }

  /** An empty folder and an empty server. */
  static async start(): Promise<Project> {
    const server = await startServer({ ATOMICBASE_ACCESS_LOG: 'false' })
    return new Project(await mkdtemp(join(tmpdir(), 'atomicbase-project-')), server)
  }

  async stop(): Promise<void> {
    await rm(this.folder, { recursive: true })
    await this.server.stop()
  }

  async write(path: string, text: string): Promise<void> {
    await mkdir(dirname(join(this.folder, path)), { recursive: true })
    await writeFile(join(this.folder, path), text)
  }

  /** Runs a command as a script would: no terminal. */
  run(words: string, environment: Record<string, string> = {}): Promise<Ended> {
    const env = { PATH: process.env.PATH, ...this.environment, ...environment }
    return new Promise((ended) => {
      execFile(BINARY, words.split(' '), { cwd: this.folder, env }, (error, out, err) =>
        ended({ code: typeof error?.code === 'number' ? error.code : 0, out, err }),
      )
    })
  }

  /** Runs a command with `--json`; fails unless it ends with `code`. */
  async json(words: string, code = 0) {
    const ended = await this.run(`${words} --json`)
    if (ended.code !== code || ended.err !== '') {
      throw new Error(`atomicbase ${words} ended with ${ended.code}:\n${ended.out}${ended.err}`)
    }
    return JSON.parse(ended.out)
  }

  /** Sends a request with the key. */
  async request(path: string, body?: unknown, headers: Record<string, string> = {}) {
    const response = await fetch(this.server.url + path, {
      method: body === undefined ? 'GET' : 'POST',
      headers: { authorization: `Bearer ${SERVICE_KEY}`, 'content-type': 'application/json', ...headers },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })
    const version = response.headers.get('template-version')
    return { status: response.status, version, json: await response.json() }
  }
}
