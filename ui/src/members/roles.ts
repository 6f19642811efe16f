// The roles, from the one that may do most.
import type { Role } from "../api/shapes";

export const ROLES: Role[] = ["owner", "admin", "member", "viewer"];
