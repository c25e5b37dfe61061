import type { AccessRecord, AccessStore, Scope } from '../../../lib/adapter/index.js'

const recordsAtOnce = 500

/** All records, page by page. */
export async function* recordsOf(access: AccessStore, scope: Scope): AsyncGenerator<AccessRecord> {
  let afterUserId: string | undefined
  for (;;) {
    const page = await access.listRecords(scope, {
      limit: recordsAtOnce,
      ...(afterUserId !== undefined && { afterUserId }),
    })
    yield* page
    afterUserId = page.at(-1)?.userId
    if (page.length < recordsAtOnce) return
  }
}
