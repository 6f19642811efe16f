// A pane over the right side of the page. What is under it stays usable; its width is remembered;
// J and K step through the rows it was opened from and Esc closes it.
import { ActionIcon, Tooltip } from "@mantine/core";
import { useHotkeys, useLocalStorage } from "@mantine/hooks";
import { ChevronDown, ChevronUp, X } from "lucide-react";
import { type PointerEvent, type ReactNode, useRef } from "react";
import { useTranslation } from "react-i18next";
import classes from "./DetailPane.module.css";

interface DetailPaneProps {
  label: string;
  onClose: () => void;
  onNext?: () => void;
  onPrevious?: () => void;
  children: ReactNode;
}

const LEAST = 420;

export function DetailPane({ label, onClose, onNext, onPrevious, children }: DetailPaneProps) {
  const { t } = useTranslation();
  const [width, setWidth] = useLocalStorage({
    key: "madang.pane.width",
    defaultValue: Math.round(window.innerWidth * 0.58),
    getInitialValueInEffect: false,
  });
  const isDragging = useRef(false);
  useHotkeys([
    ["J", () => onNext?.()],
    ["K", () => onPrevious?.()],
    ["Escape", onClose],
  ]);
  const widest = window.innerWidth - 260;
  const resize = (to: number) => setWidth(Math.round(Math.min(Math.max(to, LEAST), widest)));
  const drag = (event: PointerEvent) => {
    if (isDragging.current) resize(window.innerWidth - event.clientX);
  };
  return (
    <aside
      className={classes.pane}
      aria-label={label}
      style={{ width: Math.min(Math.max(width, LEAST), widest) }}
    >
      {/* biome-ignore lint/a11y/useSemanticElements: a separator that moves is not a line of text */}
      <div
        role="separator"
        aria-orientation="vertical"
        aria-label={t("design.resizePane")}
        aria-valuenow={width}
        aria-valuemin={LEAST}
        aria-valuemax={widest}
        tabIndex={0}
        className={classes.edge}
        onPointerDown={(event) => {
          isDragging.current = true;
          event.currentTarget.setPointerCapture(event.pointerId);
        }}
        onPointerMove={drag}
        onPointerUp={() => {
          isDragging.current = false;
        }}
        onKeyDown={(event) => {
          if (event.key === "ArrowLeft") resize(width + 40);
          if (event.key === "ArrowRight") resize(width - 40);
        }}
      />
      <div className={classes.controls}>
        <Control label={t("design.previous")} onClick={onPrevious}>
          <ChevronUp size={16} />
        </Control>
        <Control label={t("design.next")} onClick={onNext}>
          <ChevronDown size={16} />
        </Control>
        <Control label={t("common.close")} onClick={onClose}>
          <X size={16} />
        </Control>
      </div>
      {children}
    </aside>
  );
}

function Control({ label, onClick, children }: { label: string; onClick?: () => void; children: ReactNode }) {
  return (
    <Tooltip label={label}>
      <ActionIcon
        variant="subtle"
        color="gray"
        size={26}
        aria-label={label}
        disabled={!onClick}
        onClick={onClick}
      >
        {children}
      </ActionIcon>
    </Tooltip>
  );
}
