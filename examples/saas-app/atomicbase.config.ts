import { defineConfig } from '@atomicbase/schema'

export default defineConfig({
  url: 'http://localhost:8080',
  schemas: './schemas',
  output: './atomicbase.d.ts',
})
