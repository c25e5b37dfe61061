import { storeErrorKind } from '../../lib/adapter/index.js'

interface Asked<Question, Answer> {
  readonly question: Question
  readonly resolve: (answer: Answer) => void
  readonly reject: (reason: unknown) => void
}

/** How long questions wait for a statement that takes long, e.g. on a lost connection. */
const patienceMs = 20

/**
 * Combines questions that come while a statement runs into the next one. Nobody gets an answer that
 * was read before they asked.
 *
 * @param ask answers in the order of the questions
 */
export function inBatches<Question, Answer>(
  ask: (questions: readonly Question[]) => Promise<readonly Answer[]>,
): (question: Question) => Promise<Answer> {
  const waiting: Asked<Question, Answer>[] = []
  let running = 0
  let timer: NodeJS.Timeout | undefined

  const send = async (): Promise<void> => {
    clearTimeout(timer)
    timer = undefined
    running += 1
    await answer(waiting.splice(0))
    running -= 1
    if (waiting.length > 0) void send()
  }
  const answer = async (batch: readonly Asked<Question, Answer>[]): Promise<void> => {
    try {
      const answers = await ask(batch.map(({ question }) => question))
      for (const [place, { resolve }] of batch.entries()) resolve(answers[place] as Answer)
    } catch (error) {
      // Nobody fails because of another's question.
      const isOfOne = batch.length > 1 && storeErrorKind(error) === undefined
      if (isOfOne) for (const each of batch) await answer([each])
      else for (const { reject } of batch) reject(error)
    }
  }
  return (question) =>
    new Promise((resolve, reject) => {
      waiting.push({ question, resolve, reject })
      if (running === 0) void send()
      else timer ??= setTimeout(send, patienceMs)
    })
}
