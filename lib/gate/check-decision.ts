import { isObject } from '../schema/json.js'
import type { AnswerChange } from './answers.js'
import type { PolicyDecision } from './enforce.js'

const shape =
  '{ kind: "allow", url, answer }, { kind: "refuse", status, detail, reason } with a status of ' +
  '400 to 599, or { kind: "body", length }, "url" and "answer" only where they are needed'

const functions = ['change', 'keep', 'page', 'learn', 'after', 'document'] as const
const inAnswer: readonly string[] = [...functions, 'isSandboxed']

/**
 * `decide` is the host's code, possibly plain JavaScript. What is not understood, such as `false`
 * or a misspelt `answer`, must not mean that the request passes, or passes whole.
 *
 * @throws TypeError saying what `decide` must return
 */
export function checkDecision(decision: unknown): PolicyDecision {
  if (isDecision(decision)) {
    return decision.kind === 'allow' && decision.answer
      ? { ...decision, answer: plainly(decision.answer) }
      : decision
  }
  throw new TypeError(`accessGate: "enforce.decide" must resolve with ${shape}.`)
}

function isDecision(decision: unknown): decision is PolicyDecision {
  if (!isObject(decision)) return false
  const { kind, status, detail, length } = decision
  if (kind === 'allow') return isAllow(decision)
  if (kind === 'refuse') return isWhole(status, 400, 599) && typeof detail === 'string'
  return kind === 'body' && isWhole(length, 0, Number.MAX_SAFE_INTEGER)
}

function isAllow({ kind: _, url, answer, ...rest }: Readonly<Record<string, unknown>>): boolean {
  if (Object.keys(rest).length > 0) return false
  return (url === undefined || isPath(url)) && (answer === undefined || isAnswer(answer))
}

function isPath(url: unknown): boolean {
  return typeof url === 'string' && url.startsWith('/')
}

function isAnswer(answer: unknown): boolean {
  if (!isObject(answer)) return false
  const isKnown = (name: string) => !isPlain(answer) || inAnswer.includes(name)
  if (!Object.keys(answer).every(isKnown)) return false
  return functions.every((name) => ['function', 'undefined'].includes(typeof answer[name]))
}

function isPlain(answer: object): boolean {
  return Object.getPrototypeOf(answer) === Object.prototype
}

/** An answer whose functions may be methods of a class, which copies of it would not have. */
function plainly(answer: AnswerChange): AnswerChange {
  if (isPlain(answer)) return answer
  const methods = functions.flatMap((name) => {
    const method = answer[name] as ((value: never) => unknown) | undefined
    return method ? [[name, method.bind(answer)]] : []
  })
  const { isSandboxed } = answer
  return { ...Object.fromEntries(methods), ...(isSandboxed && { isSandboxed }) }
}

function isWhole(value: unknown, least: number, most: number): boolean {
  return Number.isSafeInteger(value) && Number(value) >= least && Number(value) <= most
}
