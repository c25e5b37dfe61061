import { randomUUID } from 'node:crypto'
import createDebug from 'debug'
import type { AccessStore, Scope } from '../../../lib/adapter/index.js'
import type { LabelStudioApi } from '../api/index.js'

const firstRetryMs = 1_000
const longestRetryMs = 300_000
const storeTimeoutMs = 30_000
const wantedName = 'labelStudio.inviteResetWanted'
const doneName = 'labelStudio.inviteResetDone'

const debug = createDebug('label-studio-scim:label-studio')

/** Replaces the organization's invite link, in the background. */
export interface InviteReset {
  /** Stores that the link has to change, so that a restart does not lose it, and changes it. */
  ask(scope: Scope): Promise<void>
  /**
   * Changes the link if another or an earlier process stored that it has to change and did not do
   * it.
   */
  resume(): void
}

/** The dependencies of a reset: the link, and the tenant's stored values. */
export interface InviteResetParts {
  readonly settings: Pick<LabelStudioApi['settings'], 'resetInvite'>
  readonly access: AccessStore
  readonly tenant: string
}

/**
 * Community has one invite link for the whole organization. Every member may have read it and it
 * never changes by itself, so a person who left could use it to sign up without the proxy. Several
 * requests at once cause one reset after the last of them. A failure delays nobody: it is reported
 * in one warning and retried until it succeeds.
 */
export function inviteReset(parts: InviteResetParts): InviteReset {
  let isRunning = false
  let isWanted = false
  let isWarned = false
  let retryMs = firstRetryMs
  let retry: NodeJS.Timeout | undefined

  const run = async () => {
    isRunning = true
    while (isWanted) {
      isWanted = false
      await resetIfNoted(parts).then(
        () => {
          isWarned = false
          retryMs = firstRetryMs
        },
        (error: unknown) => {
          debug('the invite link was not reset: %O', error)
          if (!isWarned) warn()
          isWarned = true
          retryLater()
        },
      )
    }
    isRunning = false
  }
  const retryLater = () => {
    if (retry) return
    retry = setTimeout(() => {
      retry = undefined
      resume()
    }, retryMs).unref()
    retryMs = Math.min(retryMs * 2, longestRetryMs)
  }
  const resume = () => {
    isWanted = true
    if (!isRunning) void run()
  }
  return {
    async ask(scope) {
      await parts.access.setValue(scope, wantedName, randomUUID())
      resume()
    },
    resume,
  }
}

/** A request that arrives meanwhile differs from the one recorded as done, so it is not lost. */
async function resetIfNoted({ settings, access, tenant }: InviteResetParts): Promise<void> {
  const signal = AbortSignal.timeout(storeTimeoutMs)
  const scope: Scope = { tenant, actor: 'reconciler', requestId: randomUUID(), signal }
  const wanted = await access.getValue(scope, wantedName)
  if (wanted === (await access.getValue(scope, doneName))) return
  await settings.resetInvite()
  await access.setValue(scope, doneName, wanted)
}

function warn(): void {
  process.emitWarning(
    'The invite link of Label Studio could not be reset after somebody was deprovisioned: ' +
      'anybody who knows it can sign up without the proxy. Reset it under "Organization".',
    { code: 'ERR_SCIM_LABEL_STUDIO_INVITE' },
  )
}
