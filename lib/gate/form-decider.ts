import type { IncomingMessage } from 'node:http'
import type { Adapters } from '../stores/adapters.js'
import type { Identity, LookUpStatus, PersonStatus } from './decide.js'
import { formOf, readForm, type SignInForm } from './forms.js'
import type { ResolvedGateOptions } from './options.js'
import { plainPath } from './paths.js'
import { signUpsOf } from './sign-up.js'
import type { InTime } from './time-limit.js'
import { forbidden, pass, type Verdict } from './verdict.js'

interface Tools {
  readonly lookUpStatus: LookUpStatus
  readonly inTime: InTime
  readonly decideForAll: (identities: readonly Identity[]) => Promise<Verdict>
}

/** Decides about requests that submit a sign-in or sign-up form; other requests pass. */
export function formDecider(
  adapters: Adapters,
  { forms, clock }: ResolvedGateOptions,
  { lookUpStatus, inTime, decideForAll }: Tools,
): (request: IncomingMessage) => Promise<Verdict> {
  const signUps = signUpsOf(adapters, clock)
  const { isOwnSecret, emailOfAccount } = adapters.gate ?? {}

  async function submitted(request: IncomingMessage, form: SignInForm): Promise<Verdict> {
    const reading = await readForm(request, form)
    if (reading.kind === 'refused') return reading
    const { identities, values } = reading
    if (isOwnSecret && values.some(isOwnSecret))
      return forbidden('This token is not accepted here.')
    if (form.purpose !== 'signUp') return decideForAll(await Promise.all(identities.map(known)))
    return inTime(async (scope) => {
      const applicants: { identity: Identity; status: PersonStatus }[] = []
      for (const identity of identities) {
        applicants.push({ identity, status: await lookUpStatus(scope, identity) })
      }
      return signUps.submit(scope, request, applicants)
    })
  }

  /** A token names only the account, which may not be linked to a person yet. */
  async function known(identity: Identity): Promise<Identity> {
    const { accountId } = identity
    if (accountId === undefined || !emailOfAccount) return identity
    const email = await inTime((scope) => emailOfAccount(scope, String(accountId)))
    return email === undefined ? identity : { ...identity, email }
  }

  return async (request) => {
    const form = formOf(request, forms)
    if (form) return submitted(request, form)
    if (!isSignUpPage(request, forms)) return pass
    return (await inTime((scope) => signUps.open(scope, request))) ?? pass
  }
}

function isSignUpPage(
  { method, url = '' }: IncomingMessage,
  forms: readonly SignInForm[],
): boolean {
  if (method !== 'GET' || !url.includes('?')) return false
  const path = plainPath(url)
  return forms.some((form) => form.purpose === 'signUp' && path.endsWith(form.path))
}
