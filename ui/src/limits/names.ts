// The names that limits do not carry themselves: of the organisation and of the project's keys.
import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { keysQuery } from "../api/keys";
import { usePlace } from "../session/session";
import type { Names } from "./sentence";

export function useNames(): Names {
  const { project, organisation } = usePlace();
  const keys = useQuery(keysQuery(project.id)).data;
  return useMemo(
    () => ({
      organisation: organisation.name,
      keys: Object.fromEntries((keys ?? []).map((key) => [key.public_key, key.name])),
    }),
    [organisation.name, keys],
  );
}
