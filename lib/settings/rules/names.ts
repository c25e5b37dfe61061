import { type RuleProblem, RulesError } from '../../mapping/index.js'
import { UnavailableError } from '../../stores/errors.js'
import type { Scope } from '../../stores/scope.js'
import type { ProjectChoice, SettingsContext } from '../options.js'
import { whyNotInForce } from '../reports/findings.js'
import type { RuleChange } from './difference.js'
import { ownWorkspaces, titleProblem } from './own-workspaces.js'

/**
 * Refuses new rows that name workspaces or projects that the organization does not have. Rows that
 * were saved before stay allowed, so that deleting a workspace or project does not block other
 * changes.
 *
 * @throws RulesError naming the rows
 * @throws UnavailableError if the host cannot tell now
 */
export async function checkNames(
  context: SettingsContext,
  scope: Scope,
  { before, after }: RuleChange,
): Promise<void> {
  const problems = [
    ...(await unknownWorkspaces(context, scope, { before, after })),
    ...(await unknownProjects(context, scope, { before, after })),
  ]
  if (problems.length > 0) throw new RulesError(problems)
}

async function unknownWorkspaces(
  context: SettingsContext,
  scope: Scope,
  { before, after }: RuleChange,
): Promise<readonly RuleProblem[]> {
  const { workspaces } = context
  const known = new Set(before.workspaces_groups.map(([title]) => title))
  const rows = after.workspaces_groups
    .map(([title], index) => ({ title, row: `workspaces_groups[${index}]` }))
    .filter(({ title }) => !known.has(title))
  if (rows.length === 0) return []
  // Workspaces that are kept here are created when a rule names them.
  if (await ownWorkspaces(context, scope)) {
    return rows.flatMap(({ title, row }) => {
      const message = titleProblem(title)
      return message === undefined ? [] : [{ row, message }]
    })
  }
  if (!workspaces) return []
  const titles = new Set(await asked(workspaces, scope))
  // A host without workspaces lists none. Rules about workspaces are only recorded there, like all
  // others.
  if (titles.size === 0 && (await whyNotInForce(context, scope)) !== undefined) return []
  return rows
    .filter(({ title }) => !titles.has(title))
    .map(({ title, row }) => ({ row, message: `There is no workspace "${title}".` }))
}

async function unknownProjects(
  { projects }: SettingsContext,
  scope: Scope,
  { before, after }: RuleChange,
): Promise<readonly RuleProblem[]> {
  const known = new Set(before.projects_groups.map((rule) => rule.project_id))
  const rows = after.projects_groups
    .map(({ project_id: id }, index) => ({ id, row: `projects_groups[${index}]` }))
    .filter(({ id }) => !known.has(id))
  if (!projects || rows.length === 0) return []
  const ids = new Set((await asked<ProjectChoice>(projects, scope)).map(({ id }) => id))
  return rows
    .filter(({ id }) => !ids.has(id))
    .map(({ id, row }) => ({ row, message: `There is no project ${id}.` }))
}

async function asked<T>(
  list: (scope: Scope) => Promise<readonly T[]>,
  scope: Scope,
): Promise<readonly T[]> {
  try {
    return await list(scope)
  } catch (cause) {
    throw new UnavailableError('The host cannot tell its workspaces and projects now.', { cause })
  }
}
