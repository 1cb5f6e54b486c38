// What is attacked: a server of its own with the board's template and a filled database.

import { Atomicbase } from '@atomicbase/sdk'
import { type Board, board, labels, projects, taskLabels, tasks, users } from '../board.js'
import { SERVICE_KEY, type Server, startServer } from '../server.js'

export const DATABASE = 'board'

/** Starts it. Whatever it logs as a warning or an error, its `stop` fails for. */
export async function startTarget(): Promise<Server> {
  const server = await startServer({ ATOMICBASE_ACCESS_LOG: 'false' })
  const atomicbase = new Atomicbase<Board>({ url: server.url, apiKey: SERVICE_KEY })
  await atomicbase.templates.push(board)
  await atomicbase.databases.create({ name: DATABASE, template: 'board' })
  const db = atomicbase.database(DATABASE)
  await db
    .batch([
      db.from('users').insert(users),
      db.from('projects').insert(projects),
      db.from('tasks').insert(tasks),
      db.from('labels').insert(labels),
      db.from('task_labels').insert(taskLabels),
    ])
    .throwOnError()
  return server
}
