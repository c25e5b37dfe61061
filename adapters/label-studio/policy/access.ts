import type { Access } from '../../../lib/adapter/index.js'

/** How much a person may do in a project or in the organization. A higher rank allows more. */
export const ranks = { none: 0, AN: 1, RE: 2, MA: 3, AD: 4 } as const

/** One of {@link ranks}. */
export type Rank = (typeof ranks)[keyof typeof ranks]

/** What one person may do. Projects and accounts are Label Studio ids. */
export interface PersonAccess {
  readonly account: number
  /** Lower-cased. */
  readonly email: string
  /** The rank in the organization. `AD` sees every project. */
  readonly rank: Rank
  /** Projects that rules give, each with the person's rank in it. */
  readonly given: ReadonlyMap<number, Rank>
  /** Projects of the person's workspaces and projects they made. They have `rank` there. */
  readonly inherited: ReadonlySet<number>
  /** The person's highest rank anywhere. */
  readonly highest: Rank
}

const ranksOfRoles: Readonly<Record<string, Rank>> = {
  Administrator: ranks.AD,
  Manager: ranks.MA,
  Reviewer: ranks.RE,
  Annotator: ranks.AN,
}

/**
 * Works out what the mapping gives a person. A role in a project takes precedence over the role in
 * the organization; `Inherit` and the projects of a workspace use the latter.
 *
 * @param inWorkspaces projects of the person's workspaces, and projects they made
 */
export function personAccess(
  person: Pick<PersonAccess, 'account' | 'email'>,
  access: GivenAccess | undefined,
  inWorkspaces: ReadonlySet<number>,
): PersonAccess {
  const rank = access?.active ? rankOf(access.role) : ranks.none
  if (!access || rank === ranks.none) return { ...person, ...nothing }
  return { ...person, rank, ...givenBy(access, rank), inherited: inWorkspaces }
}

type GivenAccess = Pick<Access, 'active' | 'role' | 'projects'>
type Given = Pick<PersonAccess, 'given' | 'highest'>

const nothing = {
  rank: ranks.none,
  highest: ranks.none,
  given: new Map<number, Rank>(),
  inherited: new Set<number>(),
}

/**
 * Stores return the same object until something changes, so thousands of projects are read once.
 */
const remembered = new WeakMap<GivenAccess, Given>()

function givenBy(access: GivenAccess, rank: Rank): Given {
  const before = remembered.get(access)
  if (before) return before
  const given = new Map<number, Rank>()
  let highest = rank
  for (const { projectId, role } of access.projects) {
    const each = role === 'Inherit' ? rank : rankOf(role)
    given.set(projectId, each)
    if (each > highest) highest = each
  }
  const made = { given, highest }
  remembered.set(access, made)
  return made
}

function rankOf(role: string | null): Rank {
  return ranksOfRoles[role ?? ''] ?? ranks.none
}

/** The person's rank in this project. */
export function rankIn({ rank, given, inherited }: PersonAccess, project: number): Rank {
  if (rank === ranks.AD) return rank
  return given.get(project) ?? (inherited.has(project) ? rank : ranks.none)
}

/** Whether the two people share a project. */
export function isColleague(person: PersonAccess, other: PersonAccess): boolean {
  const isShared = (project: number) =>
    rankIn(person, project) > ranks.none && rankIn(other, project) > ranks.none
  const [few = person] = [person, other].sort((a, b) => sizeOf(a) - sizeOf(b))
  const candidates = other.rank === ranks.AD ? person : few
  return some(candidates.given.keys(), isShared) || some(candidates.inherited, isShared)
}

function sizeOf({ given, inherited }: PersonAccess): number {
  return given.size + inherited.size
}

function some(projects: Iterable<number>, is: (project: number) => boolean): boolean {
  for (const project of projects) if (is(project)) return true
  return false
}

/** Ids of the projects that the person sees, separated by commas; '' for none. */
export function openProjects({ given, inherited }: PersonAccess): string {
  const lists = listed.get(inherited) ?? new WeakMap<ReadonlyMap<number, Rank>, string>()
  listed.set(inherited, lists)
  const before = lists.get(given)
  if (before !== undefined) return before
  const open = [...given].flatMap(([project, rank]) => (rank > ranks.none ? project : []))
  const list = [...open, ...[...inherited].filter((project) => !given.has(project))].join(',')
  lists.set(given, list)
  return list
}

const listed = new WeakMap<ReadonlySet<number>, WeakMap<ReadonlyMap<number, Rank>, string>>()
