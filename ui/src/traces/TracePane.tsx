// One trace over the list it was opened from. Span and tab stand in the list's address.
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { DetailPane } from "../design/DetailPane";
import { TraceView } from "./TraceView";
import type { TracesSearch } from "./view";

interface TracePaneProps {
  trace: string;
  onClose: () => void;
  onNext?: () => void;
  onPrevious?: () => void;
}

export function TracePane({ trace, ...pane }: TracePaneProps) {
  const { t } = useTranslation();
  const search = useSearch({ from: "/shell/p/$project/traces" });
  const navigate = useNavigate();
  const choose = (chosen: Pick<TracesSearch, "span" | "tab">) =>
    void navigate({ to: ".", search: (now) => ({ ...now, ...chosen }), replace: true });
  return (
    <DetailPane label={t("trace.title")} {...pane}>
      <TraceView key={trace} trace={trace} span={search.span} tab={search.tab} onChoose={choose} isPane />
    </DetailPane>
  );
}
