import type { AccessRecord, AccessStore } from './access-store.js'
import type { Scope } from './scope.js'

const recordsAtOnce = 500

/** All access records of a tenant in order of user id, page by page. */
export async function* recordPages(
  access: Pick<AccessStore, 'listRecords'>,
  scope: Scope,
): AsyncGenerator<readonly AccessRecord[]> {
  let afterUserId: string | undefined
  for (;;) {
    scope.signal.throwIfAborted()
    const page = await access.listRecords(scope, {
      limit: recordsAtOnce,
      ...(afterUserId !== undefined && { afterUserId }),
    })
    yield page
    afterUserId = page.at(-1)?.userId
    if (page.length < recordsAtOnce) return
  }
}
