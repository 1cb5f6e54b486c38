// What the runtime tells: whether this is a server, and the key in its environment.

interface Runtime {
  document?: unknown
  navigator?: { userAgent?: string }
  process?: { env?: Record<string, string | undefined>; versions?: { node?: string } }
  Deno?: { env?: { get(name: string): string | undefined } }
  EdgeRuntime?: unknown
}

/** `ATOMICBASE_API_KEY`, in a server runtime only: what a bundler may have put into a browser's page is never read. */
export function environmentKey(runtime: Runtime = globalThis as Runtime): string | undefined {
  if (!isServer(runtime)) return undefined
  return runtime.process?.env?.ATOMICBASE_API_KEY || denoVariable(runtime, 'ATOMICBASE_API_KEY') || undefined
}

// Servers are recognised, browsers are what is left: an unknown runtime gets no key.
function isServer(runtime: Runtime): boolean {
  if (runtime.document !== undefined) return false
  return (
    runtime.process?.versions?.node !== undefined ||
    runtime.Deno !== undefined ||
    runtime.EdgeRuntime !== undefined ||
    runtime.navigator?.userAgent === 'Cloudflare-Workers'
  )
}

// Deno asks for permission and throws when it is denied.
function denoVariable(runtime: Runtime, name: string): string | undefined {
  try {
    return runtime.Deno?.env?.get(name)
  } catch {
    return undefined
  }
}
