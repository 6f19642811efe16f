// The state a page is in when its request failed: forbidden, not found, or failed with a way to try again.
import { ApiError } from "../api/client";
import { FailedState, ForbiddenState, NotFoundState } from "../design/states";
import { useWordsOf } from "./failure";
import { usePlace } from "./session";

export function Failure({ failure, onRetry }: { failure: unknown; onRetry: () => void }) {
  const wordsOf = useWordsOf();
  const { organisation } = usePlace();
  if (failure instanceof ApiError && failure.status === 403)
    return <ForbiddenState who={organisation.name} />;
  if (failure instanceof ApiError && failure.status === 404) return <NotFoundState />;
  return <FailedState reason={wordsOf(failure)} onRetry={onRetry} />;
}
