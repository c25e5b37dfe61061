import createDebug from 'debug'
import type { LabelStudioApi } from '../api/index.js'

const firstRetryMs = 1_000
const longestRetryMs = 300_000

const debug = createDebug('label-studio-scim:label-studio')

/** Makes the organization's invite link another one, in the background. */
export type InviteReset = () => void

/**
 * Community's invite link is one for the whole organization, every member may have read it, and it
 * never changes by itself: whoever left could sign up with it around the proxy. Many resets that
 * are asked for at once become one after the last of them. A failure is told in a warning, once
 * until it works again, and keeps nobody waiting; it is tried again until it works.
 */
export function inviteReset({ settings }: Pick<LabelStudioApi, 'settings'>): InviteReset {
  let isRunning = false
  let isWanted = false
  let isWarned = false
  let retryMs = firstRetryMs
  let retry: NodeJS.Timeout | undefined

  const run = async () => {
    isRunning = true
    while (isWanted) {
      isWanted = false
      await settings.resetInvite().then(
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
      resetInvite()
    }, retryMs).unref()
    retryMs = Math.min(retryMs * 2, longestRetryMs)
  }
  const resetInvite = () => {
    isWanted = true
    if (!isRunning) void run()
  }
  return resetInvite
}

function warn(): void {
  process.emitWarning(
    'The invite link of Label Studio could not be reset after somebody was deprovisioned: ' +
      'whoever knows it can sign up around the proxy. Reset it under "Organization".',
    { code: 'ERR_SCIM_LABEL_STUDIO_INVITE' },
  )
}
