import type { Scope } from '../stores/scope.js'
import type { AnswerChange } from './answers.js'

/** The decision about a request: it passes, is refused, or is redirected. */
export type Verdict =
  | {
      readonly kind: 'pass'
      readonly answer?: AnswerChange
      /** Whether a decision by what is stored now would be about the same access. */
      readonly isStill?: (scope: Scope) => Promise<boolean>
    }
  | {
      readonly kind: 'refused'
      readonly status: number
      /** A sentence for the person, which never quotes the request. */
      readonly detail: string
      readonly retryAfterSeconds?: number
      /** Ends the browser's session, so that somebody else can sign in there. */
      readonly endsSession?: boolean
    }
  | { readonly kind: 'redirect'; readonly location: string; readonly cookie: string }

export type Pass = Extract<Verdict, { readonly kind: 'pass' }>

/** The request does not go on. */
export type Refusal = Exclude<Verdict, Pass>

/** The request goes on. */
export const pass: Verdict = { kind: 'pass' }

/** A refusal with 403. */
export function forbidden(detail: string): Verdict {
  return { kind: 'refused', status: 403, detail }
}
