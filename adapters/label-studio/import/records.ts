import {
  type AccessRecord,
  type AccessStore,
  recordPages,
  type Scope,
} from '../../../lib/adapter/index.js'

/** All access records, one by one. */
export async function* recordsOf(access: AccessStore, scope: Scope): AsyncGenerator<AccessRecord> {
  for await (const page of recordPages(access, scope)) yield* page
}
