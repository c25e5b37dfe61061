import createDebug from 'debug'
import { isLabelStudioError } from './api/index.js'

const debug = createDebug('label-studio-scim:label-studio')

/** The credentials that the adapter uses with Label Studio. */
export type Credential = 'token' | 'owner'

/** Watches whether Label Studio accepts the adapter's token and the owner's sign-in. */
export interface CredentialWatch {
  /** Records the outcome of a call with this credential. */
  observe(credential: Credential, call: { template: string; error?: unknown }): void
  /** A text that changes whenever Label Studio begins to accept or refuse a credential. */
  state(): string
  /** Registers a listener for every refusal of credentials or rights. */
  onRefusal(listener: () => void): void
}

/** A call that is answered without a valid token, so it says nothing about the token. */
const openPath = '/api/version/'

const warnings: Readonly<Record<Credential, string>> = {
  token:
    'Label Studio does not accept the token of the adapter, so nobody can be provisioned. ' +
    'Create one as the owner under "Account & Settings"; ' +
    'if it is a legacy token, enable those for the organization.',
  owner:
    'Label Studio does not accept the owner’s e-mail address and password, so nobody can ' +
    'be deactivated, renamed or given a password there. Check the option "owner" ' +
    '(LABEL_STUDIO_EMAIL and LABEL_STUDIO_PASSWORD).',
}

/**
 * Makes a watch that warns once when a credential is refused, and again only if it was accepted in
 * between.
 */
export function credentialWatch(): CredentialWatch {
  const refused = new Set<Credential>()
  const listeners: (() => void)[] = []
  return {
    observe(credential, { template, error }) {
      if (template === openPath) return
      if (error === undefined) {
        if (refused.delete(credential)) debug('Label Studio accepts the %s again', credential)
        return
      }
      if (!isLabelStudioError(error, 'unauthorized', 'forbidden')) return
      for (const listener of listeners) listener()
      if (error.kind === 'forbidden' || refused.has(credential)) return
      refused.add(credential)
      const code = 'ERR_SCIM_LABEL_STUDIO_REFUSED'
      process.emitWarning(warnings[credential], { code })
    },
    state: () => [...refused].sort().join(' '),
    onRefusal: (listener) => void listeners.push(listener),
  }
}
