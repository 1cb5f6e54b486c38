import type { InferSchema } from '@atomicbase/schema'
import { Atomicbase } from '@atomicbase/sdk'
import { and, eq } from '@atomicbase/sdk/filters'
import type schema from './schemas/saas-app.schema.ts'

const atomicbase = new Atomicbase({ url: 'http://localhost:8080' })
const acme = atomicbase.database<InferSchema<typeof schema>>('acme-co')

const { data: tasks, error } = await acme
  .from('tasks')
  .select(['title', 'status', { projects: ['name'] }])
  .where(and(eq('project_id', 'p1'), eq('status', 'todo')))
if (error) throw error

for (const task of tasks) console.log(`${task.projects?.name}: ${task.title}`)
