// Choosing the span of time a page looks at: presets, own ends, a step earlier or later, and live.
import { ActionIcon, Button, Group, Popover, Stack, Text, TextInput, Tooltip } from "@mantine/core";
import { CalendarClock, ChevronLeft, ChevronRight, Pause, Play } from "lucide-react";
import { type FormEvent, type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { localInput, shortTime } from "./times";
import { endsOf, PRESETS, panned, type Timespan } from "./timespan";

interface TimeRangeProps {
  value: Timespan;
  onChange: (span: Timespan) => void;
  live: boolean;
  onLive: (live: boolean) => void;
}

export function TimeRange({ value, onChange, live, onLive }: TimeRangeProps) {
  const { t } = useTranslation();
  const [isOpen, setOpen] = useState(false);
  const choose = (span: Timespan) => {
    onChange(span);
    setOpen(false);
  };
  return (
    <Group gap={4} wrap="nowrap">
      <Step label={t("design.earlier")} onClick={() => onChange(panned(value, -1, Date.now()))}>
        <ChevronLeft size={16} />
      </Step>
      <Popover opened={isOpen} onChange={setOpen} position="bottom-end" shadow="md" trapFocus returnFocus>
        <Popover.Target>
          <Button
            variant="default"
            h={30}
            px={10}
            leftSection={<CalendarClock size={15} />}
            onClick={() => setOpen(!isOpen)}
            aria-haspopup="dialog"
          >
            <SpanWords span={value} />
          </Button>
        </Popover.Target>
        <Popover.Dropdown p={8} w={250}>
          <Stack gap={2}>
            {PRESETS.map((range) => (
              <Button
                key={range}
                variant={"range" in value && value.range === range ? "light" : "subtle"}
                color={"range" in value && value.range === range ? "accent" : "gray"}
                c="var(--md-text)"
                justify="flex-start"
                size="compact-md"
                fw={400}
                onClick={() => choose({ range })}
              >
                {t(`design.range.${range}`)}
              </Button>
            ))}
          </Stack>
          <OwnRange value={value} onChange={choose} />
        </Popover.Dropdown>
      </Popover>
      <Step
        label={t("design.later")}
        disabled={"range" in value}
        onClick={() => onChange(panned(value, 1, Date.now()))}
      >
        <ChevronRight size={16} />
      </Step>
      <Tooltip label={t("design.liveHelp")}>
        <Button
          variant={live ? "light" : "default"}
          h={30}
          px={10}
          aria-pressed={live}
          leftSection={live ? <Pause size={14} /> : <Play size={14} />}
          onClick={() => onLive(!live)}
        >
          {t("design.live")}
        </Button>
      </Tooltip>
    </Group>
  );
}

export function SpanWords({ span }: { span: Timespan }) {
  const { t } = useTranslation();
  if ("range" in span) return <>{t(`design.range.${span.range}`)}</>;
  const now = new Date();
  return (
    <>
      {shortTime(new Date(span.from), now)} – {shortTime(new Date(span.to), now)}
    </>
  );
}

function OwnRange({ value, onChange }: { value: Timespan; onChange: (span: Timespan) => void }) {
  const { t } = useTranslation();
  const ends = endsOf(value, Date.now());
  const [from, setFrom] = useState(() => localInput(new Date(ends.from)));
  const [to, setTo] = useState(() => localInput(new Date(ends.to)));
  const [wrong, setWrong] = useState("");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const span = { from: new Date(from).getTime(), to: new Date(to).getTime() };
    if (Number.isNaN(span.from) || Number.isNaN(span.to)) return setWrong(t("design.rangeMissing"));
    if (span.to <= span.from) return setWrong(t("design.rangeWrong"));
    onChange(span);
  };
  return (
    <form onSubmit={submit}>
      <Stack gap={6} mt={8} pt={8} style={{ borderTop: "1px solid var(--md-line)" }}>
        <Text size="xs" fw={600} c="dimmed">
          {t("design.customRange")}
        </Text>
        <TextInput
          size="xs"
          type="datetime-local"
          label={t("design.from")}
          value={from}
          onChange={(event) => setFrom(event.currentTarget.value)}
        />
        <TextInput
          size="xs"
          type="datetime-local"
          label={t("design.to")}
          value={to}
          error={wrong}
          onChange={(event) => setTo(event.currentTarget.value)}
        />
        <Button type="submit" size="xs" variant="default">
          {t("design.apply")}
        </Button>
      </Stack>
    </form>
  );
}

function Step({
  label,
  children,
  ...rest
}: {
  label: string;
  disabled?: boolean;
  onClick: () => void;
  children: ReactNode;
}) {
  return (
    <Tooltip label={label}>
      <ActionIcon variant="default" size={30} aria-label={label} {...rest}>
        {children}
      </ActionIcon>
    </Tooltip>
  );
}
